package seccomp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	moby "github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// here is this machine, and a container with these capabilities.
func here(t *testing.T, capabilities ...string) seccomp.Place {
	t.Helper()
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		t.Fatal(err)
	}
	kernel, err := seccomp.ParseKernel(unix.ByteSliceToString(uts.Release[:]))
	if err != nil {
		t.Fatal(err)
	}
	return seccomp.Place{Capabilities: capabilities, Arch: runtime.GOARCH, Kernel: kernel}
}

// byMoby returns what Docker's own library makes of a file on this machine.
func byMoby(t *testing.T, text []byte, capabilities []string) *specs.LinuxSeccomp {
	t.Helper()
	spec, err := moby.LoadProfile(string(text), &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: capabilities}}})
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// The default profile of today's Docker is resolved as Docker does it, for any capabilities.
func TestDockersDefaultProfile(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go command here, as in the machine of make test-vm: it finds the module that has the profile")
	}
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/moby/profiles/seccomp").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "default.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !seccomp.IsDocker(text) {
		t.Error("it is not taken for Docker's format")
	}
	all := []string{"CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_BPF", "CAP_SYS_PTRACE", "CAP_SYSLOG", "CAP_PERFMON", "CAP_SYS_NICE", "CAP_NET_RAW"}
	for n := range 1 << len(all) {
		var capabilities []string
		for i, name := range all {
			if n>>i&1 == 1 {
				capabilities = append(capabilities, name)
			}
		}
		got, err := seccomp.ParseFile(text, here(t, capabilities...))
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, got.Spec(), byMoby(t, text, capabilities))
		if got.Condition < 0 || len(got.Entries) != len(got.Spec().Syscalls) || len(got.LeftOut) == 0 {
			t.Errorf("condition %d, %d entries of %d, %d left out", got.Condition, len(got.Entries), len(got.Spec().Syscalls), len(got.LeftOut))
		}
	}
}

func mustEqual(t *testing.T, got, want *specs.LinuxSeccomp) {
	t.Helper()
	a, b := *got, *want
	if len(a.Architectures) == 0 {
		a.Architectures = b.Architectures[:len(a.Architectures)]
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil || string(x) != string(y) {
		t.Fatalf("got\n%s\nwant\n%s", x, y)
	}
}

// Random conditions are resolved as Docker does it.
func TestDockersConditions(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	conditions := func() string {
		var all []string
		if r.IntN(2) == 0 {
			all = append(all, fmt.Sprintf(`"caps":[%q,%q]`, pick("CAP_BPF", "CAP_SYSLOG"), pick("CAP_BPF", "CAP_SYS_ADMIN")))
		}
		if r.IntN(2) == 0 {
			all = append(all, fmt.Sprintf(`"arches":[%q,%q]`, pick("amd64", "arm64", "s390x"), pick("amd64", "riscv64")))
		}
		if r.IntN(3) == 0 {
			all = append(all, fmt.Sprintf(`"minKernel":%q`, pick("4.8", "99.0", "5.255")))
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	kept := 0
	for range 500 {
		text := `{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_AARCH64","subArchitectures":["SCMP_ARCH_ARM"]},` +
			`{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[`
		for i := range 4 {
			name := `"name":"read"`
			if i%2 == 0 {
				name = `"names":["read","write"]`
			}
			text += fmt.Sprintf(`{%s,"action":"SCMP_ACT_ALLOW","includes":%s,"excludes":%s},`, name, conditions(), conditions())
		}
		text += `{"names":["exit"],"action":"SCMP_ACT_ALLOW"}]}`
		var capabilities []string
		for _, name := range []string{"CAP_BPF", "CAP_SYSLOG", "CAP_SYS_ADMIN"} {
			if r.IntN(2) == 0 {
				capabilities = append(capabilities, name)
			}
		}
		got, err := seccomp.ParseDocker([]byte(text), here(t, capabilities...))
		if err != nil {
			t.Fatal(err)
		}
		mustEqual(t, got.Spec(), byMoby(t, []byte(text), capabilities))
		kept += len(got.Entries)
	}
	if kept < 700 || kept > 2000 {
		t.Errorf("%d of 2500 entries count: the conditions are too weak or too strong", kept)
	}
}

// What Docker ignores, and what has no certain meaning, is refused with the field of the
// file.
func TestParseDockerRefuses(t *testing.T) {
	whole := func(rest string) string { return `{"defaultAction":"SCMP_ACT_ERRNO","archMap":[]` + rest + "}" }
	rule := func(rest string) string {
		return whole(`,"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"action":"SCMP_ACT_ALLOW",` + rest + `}]`)
	}
	for _, row := range []struct{ text, field, want string }{
		{rule(`"names":["write"],"name":"read"`), "syscalls[1].name", "must not be set beside names"},
		{rule(`"includes":{"caps":["CAP_BPF"]}`), "syscalls[1].names", "at least one syscall"},
		{rule(`"name":"read","includes":{"caps":["SYS_ADMIN"]}`), "syscalls[1].includes.caps[0]", "such as CAP_SYS_ADMIN"},
		{rule(`"name":"read","excludes":{"arches":["amd6"]}`), "syscalls[1].excludes.arches[0]", `did you mean "amd64"?`},
		{rule(`"name":"read","includes":{"minKernel":"4"}`), "syscalls[1].includes.minKernel", `such as "4.8"`},
		{rule(`"name":"read","includes":{"minKernel":"0.0"}`), "syscalls[1].includes.minKernel", `such as "4.8"`},
		{rule(`"name":"read","includes":{"minKernel":4.8}`), "syscalls[1].includes.minKernel", "must be a string"},
		{rule(`"name":"read","includes":{"cap":["CAP_BPF"]}`), "syscalls[1].includes", `did you mean "caps"?`},
		{rule(`"name":"read","includes":[]`), "syscalls[1].includes", "must be an object, not a list"},
		{rule(`"name":"re ad"`), "syscalls[1].names[0]", "letters"},
		// The entry does not count, and is refused nevertheless.
		{rule(`"name":"read","args":[{"index":9,"value":1,"op":"SCMP_CMP_EQ"}],"includes":{"minKernel":"99.0"}`), "syscalls[1].args[0].index", "0 to 5"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":[]}]}`,
			"archMap", "must not be set beside architectures"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_AMD64"}]}`, "archMap[0].architecture", `did you mean "SCMP_ARCH_X86_64"?`},
		{`{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["i386"]}]}`, "archMap[0].subArchitectures[0]", "SCMP_ARCH_X86"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","archMap":[{"subArchitectures":[]}]}`, "archMap[0].architecture", "must be set"},
		{`{"archMap":[{"architecture":"SCMP_ARCH_X86_64"}]}`, "defaultAction", ""},
		{whole(`,"bogus":1`), "", `unknown field "bogus"`},
		{whole(`,"syscalls":{}`), "syscalls", "must be a list"},
		{strings.Repeat(" ", seccomp.MaxProfileBytes) + whole(""), "", "exceed the limit"},
	} {
		got, err := seccomp.ParseDocker([]byte(row.text), seccomp.Place{Arch: "amd64", Kernel: seccomp.Kernel{Version: 6, Revision: 1}})
		var invalid *seccomp.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != row.field || !strings.Contains(err.Error(), row.want) || got != nil && got.Profile != nil {
			t.Errorf("%.200s: got %v, want %s: %s", row.text, err, row.field, row.want)
		}
	}
}

func TestIsDocker(t *testing.T) {
	for text, want := range map[string]bool{
		`{"defaultAction":"SCMP_ACT_ALLOW"}`: false,
		`{"archMap":[]}`:                     true,
		`{"syscalls":[{"names":["read"],"includes":{},"excludes":{}}]}`:           false,
		`{"syscalls":[{"names":["read"]},{"name":"read"}]}`:                       true,
		`{"syscalls":[{"names":["read"],"excludes":{"caps":["CAP_SYS_ADMIN"]}}]}`: true,
		`{"syscalls":[{"names":["read"],"includes":{"minKernel":"4.8"}}]}`:        true,
		`{"syscalls":`: false, `[]`: false, "": false,
	} {
		if got := seccomp.IsDocker([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// The entries that count keep their place in the file.
func TestResolvedEntries(t *testing.T) {
	text := `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"name":"read","action":"SCMP_ACT_ALLOW"},
		{"name":"bpf","action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_BPF"]}},{"name":"write","action":"SCMP_ACT_ALLOW"}]}`
	got, err := seccomp.ParseFile([]byte(text), seccomp.Place{Arch: "amd64"})
	if err != nil || !reflect.DeepEqual(got.Entries, []int{0, 2}) || !reflect.DeepEqual(got.LeftOut, []int{1}) || got.Condition != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for arch, want := range map[string]int{"amd64": 0, "sparc": 0} {
		if got, err := seccomp.ParseFile([]byte(text), seccomp.Place{Arch: arch}); err != nil || len(got.Spec().Architectures) != want {
			t.Errorf("%s: %v, %v", arch, got, err)
		}
	}
}

func TestParseKernel(t *testing.T) {
	for text, want := range map[string]seccomp.Kernel{"6.18": {Version: 6, Revision: 18}, "4.8.0-rc1": {Version: 4, Revision: 8}, "6.1.0-53-amd64": {Version: 6, Revision: 1}} {
		if got, err := seccomp.ParseKernel(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "6", "x.y", "-1.2"} {
		if got, err := seccomp.ParseKernel(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
