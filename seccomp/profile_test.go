package seccomp

import (
	"reflect"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/seccomptest"
)

// everyField is a valid profile in which no field is empty.
const everyField = `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,` +
	`"architectures":["SCMP_ARCH_X86_64"],"flags":["SECCOMP_FILTER_FLAG_LOG"],` +
	`"listenerPath":"/run/listener.sock","listenerMetadata":"pod-1",` +
	`"syscalls":[{"names":["read","write"],"action":"SCMP_ACT_ERRNO","errnoRet":5,` +
	`"args":[{"index":1,"value":2,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"}]}]}`

// A new field of runtime-spec makes this test fail, until everyField has the field and
// clone copies what it refers to.
func TestProfileIsImmutable(t *testing.T) {
	mustHaveEveryField(t, reflect.ValueOf(seccomptest.Decoded(t, everyField)), "LinuxSeccomp")

	input := seccomptest.Decoded(t, everyField)
	p, err := New(input)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		fact string
		spec *specs.LinuxSeccomp
	}{
		{"the input of New", input},
		{"the result of Spec", p.Spec()},
	} {
		erase(reflect.ValueOf(row.spec))
		if got := p.Spec(); !reflect.DeepEqual(got, seccomptest.Decoded(t, everyField)) {
			t.Errorf("%s, erased, changed the profile: %s", row.fact, seccomptest.Encoded(t, got))
		}
	}
}

func TestNotifies(t *testing.T) {
	for _, row := range []struct {
		fact, given string
		want        bool
	}{
		{"no rule", `{"defaultAction":"SCMP_ACT_ALLOW"}`, false},
		{"no rule with NOTIFY", withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW"`), false},
		{"a listener without NOTIFY", with(`"listenerPath":"/s"`), false},
		{"NOTIFY by default", `{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/s"}`, true},
		{"NOTIFY in the last rule", with(`"listenerPath":"/s","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]`), true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, err := Parse([]byte(row.given))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Notifies(); got != row.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// mustHaveEveryField checks that no field and no element is zero: erase must have
// something to erase.
func mustHaveEveryField(t *testing.T, v reflect.Value, path string) {
	t.Helper()
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		t.Errorf("everyField does not set %s", path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		mustHaveEveryField(t, v.Elem(), path)
	case reflect.Struct:
		for i := range v.NumField() {
			mustHaveEveryField(t, v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			mustHaveEveryField(t, v.Index(i), path+"[]")
		}
	case reflect.String, reflect.Uint, reflect.Uint64:
	default:
		t.Errorf("%s is a %s: teach erase, and see whether clone copies it", path, v.Kind())
	}
}

// erase sets everything reachable to zero, also behind pointers.
func erase(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		erase(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			erase(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			erase(v.Index(i))
		}
	default:
		v.SetZero()
	}
}
