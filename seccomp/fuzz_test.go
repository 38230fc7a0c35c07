package seccomp

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/seccomptest"
)

// FuzzParse: an accepted profile has the values that encoding/json reads from the same
// text, has them again after a round trip, and is never one that runc takes for unconfined.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("../integration/testdata/profiles/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seed profiles: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		seccomptest.Must(f, err)
		f.Add(data)
	}
	for _, seed := range []string{
		``, `{}`, `null`, `[{}]`, "\xef\xbb\xbf{}", `{"defaultAction":"SCMP_ACT_LOG"}}`,
		everyField,
		with(`"flags":[]`), with(`"flags":null,"syscalls":[null]`),
		with(`"comment":"c","syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","comment":"c","includes":{},"excludes":null}]`),
		with(`"listenerPath":"<&>\u2028\ud800","syscalls":[{"names":["a"],"action":"SCMP_ACT_NOTIFY"}]`),
		with(`"syscalls":[{"names":["a"],"action":"SCMP_ACT_LOG","args":[{"index":5,"value":18446744073709551615,"op":"SCMP_CMP_NE"}]}],"syscalls":[]`),
		with(`"defaultErrnoRet":1e3`), with(`"defaultErrnoRet":4095,"archMap":[]`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data)
		if err != nil {
			if refused := (*InvalidError)(nil); !errors.As(err, &refused) {
				t.Fatalf("a %T, want an *InvalidError", err)
			}
			return
		}
		first := p.Spec()
		if !slices.Contains(ociActions, string(first.DefaultAction)) {
			t.Fatalf("accepted the default action %q", first.DefaultAction)
		}
		var plain specs.LinuxSeccomp
		seccomptest.Must(t, json.Unmarshal(data, &plain))
		text := seccomptest.Encoded(t, first)
		if want := seccomptest.Encoded(t, &plain); text != want || (first.Flags == nil) != (plain.Flags == nil) {
			t.Fatalf("read as %s, encoding/json reads %s", text, want)
		}
		again, err := Parse([]byte(text))
		if err != nil {
			t.Fatalf("refused on the second reading: %v", err)
		}
		// An empty list is not encoded: runtime-spec marks the fields omitempty.
		if second := again.Spec(); !reflect.DeepEqual(withoutEmpty(second), withoutEmpty(first)) {
			t.Fatalf("read as %+v, then as %+v", first, second)
		}
	})
}

func withoutEmpty(spec *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	s := *spec
	s.Architectures = orNil(s.Architectures)
	s.Flags = orNil(s.Flags)
	s.Syscalls = orNil(s.Syscalls)
	for i := range s.Syscalls {
		s.Syscalls[i].Args = orNil(s.Syscalls[i].Args)
	}
	return &s
}

func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// A profile in Docker's format, or podman's, is refused, or is a valid one of OCI's.
func FuzzParseDocker(f *testing.F) {
	for _, seed := range []string{
		`{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW"}]}`,
		`{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOSYS","syscalls":[{"names":["bpf"],"action":"SCMP_ACT_ERRNO","errno":"1","includes":{"caps":["CAP_BPF"],"minKernel":"4.8"},"excludes":{"arches":["arm64"]}}]}`,
	} {
		f.Add([]byte(seed))
	}
	errnoOf := func(name string) (uint, bool) { return 38, name == "ENOSYS" }
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, arch := range GoArchs() {
			r, err := ParsePodman(text, Place{Capabilities: []string{"CAP_BPF"}, Arch: arch, Kernel: Kernel{6, 1}}, errnoOf)
			if err != nil {
				continue
			}
			if _, err := New(r.Spec()); err != nil || len(r.Entries) != len(r.Spec().Syscalls) {
				t.Errorf("%q: %v, entries %v", text, err, r.Entries)
			}
		}
	})
}
