package shim

import (
	"strings"
	"testing"

	"github.com/containerd/containerd/api/runtime/bootstrap/v1"
	taskv2 "github.com/containerd/containerd/api/runtime/task/v2"
	"github.com/containerd/containerd/api/runtime/task/v3"
	runc "github.com/containerd/containerd/api/types/runc/options"
	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const arguments = "-namespace k8s.io -address /run/c.sock -publish-binary /usr/bin/containerd -id c1"

func TestRoles(t *testing.T) {
	for _, row := range []struct {
		args string
		want role
	}{
		{arguments + " start", starter},
		{arguments + " -debug start", starter},
		{arguments + " -bundle /run/b delete", foreign},
		{"-namespace k8s.io -id c1 -address /run/c.sock", server},
		{"-namespace k8s.io -id start -address /run/c.sock -debug", server},
		{"-info", foreign},
		{"-namespace k8s.io -info", foreign},
		{"-v", versioner},
		{"-debug -version", versioner},
		{arguments + " -misspelt start", foreign},
		{"", foreign},
	} {
		if got := parseCall(strings.Fields(row.args)).role(); got != row.want {
			t.Errorf("%s: got %v, want %v", row.args, got, row.want)
		}
	}
	want := call{action: "start", id: "c1", namespace: "k8s.io", address: "/run/c.sock", debug: true}
	if got := parseCall(strings.Fields(arguments + " -debug start")); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

func TestProtocolOfAStart(t *testing.T) {
	const newer, older, neither = "new", "old", "neither"
	generics := &generic.Options{TypeUrl: "io.containerd.seccomp.v1", ConfigBody: []byte(`unset_profile = "RuntimeDefault"`)}
	for _, row := range []struct {
		fact     string
		input    []byte
		protocol string
		unset    string
	}{
		{"parameters are of the new protocol", encode(t, parameters("c1", "k8s.io")), newer, ""},
		{"parameters with options", encode(t, parameters("c1", "k8s.io", message(t, generics))), newer, "RuntimeDefault"},
		{"nothing is the old protocol without options", nil, older, ""},
		{"runtime options are of the old protocol", encode(t, message(t, generics)), older, "RuntimeDefault"},
		{"runc's options too", encode(t, message(t, &runc.Options{SystemdCgroup: true})), older, ""},
		{"empty options too", encode(t, message(t, &runc.Options{})), older, ""},
		{"parameters of another container are an error", encode(t, parameters("c2", "k8s.io")), neither, ""},
		{"parameters of another namespace are an error", encode(t, parameters("c1", "default")), neither, ""},
		{"text is an error", []byte(`{"version":2}`), neither, ""},
	} {
		c := parseCall(strings.Fields(arguments + " start"))
		params, old, err := c.params(row.input)
		got := newer
		if err != nil {
			got = neither
		} else if old {
			got = older
		}
		if got != row.protocol {
			t.Errorf("%s: protocol is %s, not %s (%v)", row.fact, got, row.protocol, err)
		}
		if err != nil {
			continue
		}
		if params.GetInstanceID() != "c1" || params.GetNamespace() != "k8s.io" || params.GetContainerdGrpcAddress() != "/run/c.sock" {
			t.Errorf("%s: %v", row.fact, params)
		}
		if params.GetLogLevel() <= bootstrap.LogLevel_LOG_LEVEL_DEBUG {
			t.Errorf("%s: the shim would log at level %s", row.fact, params.GetLogLevel())
		}
		opts, err := bootstrapOptions(params)
		if err != nil || opts.UnsetProfile != row.unset {
			t.Errorf("%s: options are %+v (%v)", row.fact, opts, err)
		}
	}
}

func parameters(id, namespace string, options ...proto.Message) *bootstrap.BootstrapParams {
	p := &bootstrap.BootstrapParams{
		InstanceID:            id,
		Namespace:             namespace,
		ContainerdGrpcAddress: "/run/c.sock",
		LogLevel:              bootstrap.LogLevel_LOG_LEVEL_INFO,
	}
	for _, o := range options {
		if err := p.AddExtension(o); err != nil {
			panic(err)
		}
	}
	return p
}

func message(t *testing.T, options any) proto.Message {
	t.Helper()
	m, err := typeurl.MarshalAnyToProto(options)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What lets one function serve a method of both versions: each method is there
// in both, and its messages have the same fields.
func TestTaskServicesAreTheSameOnTheWire(t *testing.T) {
	v2 := taskv2.File_runtime_task_v2_shim_proto.Services().Get(0)
	v3 := task.File_runtime_task_v3_shim_proto.Services().Get(0)
	if got := string(v2.FullName()); got != nameV2 {
		t.Errorf("the service is called %s", got)
	}
	methods := methodsV2(&service{})
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

// messageOf names the message that a field holds. None is of the service's own
// package, so that the same name means the same message.
func messageOf(f protoreflect.FieldDescriptor) protoreflect.FullName {
	switch {
	case f.Message() == nil:
		return ""
	case f.IsMap(): // a message of two fields
		return protoreflect.FullName(f.MapKey().Kind().String() + " to " + f.MapValue().Kind().String())
	}
	return f.Message().FullName()
}
