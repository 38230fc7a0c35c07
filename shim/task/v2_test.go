package task

import (
	"testing"

	taskv2 "github.com/containerd/containerd/api/runtime/task/v2"
	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// One function can serve a method of both versions: both have the method, and its
// messages have the same fields.
func TestTaskServicesAreTheSameOnTheWire(t *testing.T) {
	v2 := taskv2.File_runtime_task_v2_shim_proto.Services().Get(0)
	v3 := taskv3.File_runtime_task_v3_shim_proto.Services().Get(0)
	if got := string(v2.FullName()); got != nameV2 {
		t.Errorf("the service is called %s", got)
	}
	methods := methodsV2(&Service{})
	if len(methods) != v2.Methods().Len() {
		t.Errorf("%d methods, not %d", len(methods), v2.Methods().Len())
	}
	for i := range v2.Methods().Len() {
		m := v2.Methods().Get(i)
		if methods[string(m.Name())] == nil {
			t.Errorf("method %s is missing", m.Name())
		}
		other := v3.Methods().ByName(m.Name())
		if other == nil {
			t.Errorf("v3 has no method %s", m.Name())
			continue
		}
		sameFields(t, m.Input(), other.Input())
		sameFields(t, m.Output(), other.Output())
	}
}

func sameFields(t *testing.T, a, b protoreflect.MessageDescriptor) {
	t.Helper()
	if a.Fields().Len() != b.Fields().Len() {
		t.Errorf("%s has %d fields, %s has %d", a.FullName(), a.Fields().Len(), b.FullName(), b.Fields().Len())
	}
	for i := range a.Fields().Len() {
		f := a.Fields().Get(i)
		g := b.Fields().ByNumber(f.Number())
		if g == nil || f.Name() != g.Name() || f.Kind() != g.Kind() || f.Cardinality() != g.Cardinality() || messageOf(f) != messageOf(g) {
			t.Errorf("%s is not %s.%s", f.FullName(), b.FullName(), f.Name())
		}
	}
}

// messageOf returns the name of the message type of a field, or "" if it has none. No
// message type of a field is in the package of v2 or v3, so equal names mean equal types.
func messageOf(f protoreflect.FieldDescriptor) protoreflect.FullName {
	switch {
	case f.Message() == nil:
		return ""
	case f.IsMap(): // protobuf describes it as a message of two fields
		return protoreflect.FullName(f.MapKey().Kind().String() + " to " + f.MapValue().Kind().String())
	}
	return f.Message().FullName()
}
