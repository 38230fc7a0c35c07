package compile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"

	"github.com/opencontainers/runtime-spec/specs-go"
)

func TestMain(m *testing.M) {
	libseccomp.Helper()
	os.Exit(m.Run())
}

func parse(t *testing.T, profile string) *seccomp.Profile {
	t.Helper()
	p, err := seccomp.Parse([]byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compile(t *testing.T, profile string) *Result {
	t.Helper()
	r, err := Translate(t.Context(), parse(t, profile))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// call makes what the kernel shows a program for a syscall by name.
func call(t *testing.T, on *meaning.ABI, name string, args ...uint64) bpf.Data {
	t.Helper()
	nr, ok := on.Numbers[name]
	if !ok {
		t.Fatalf("no syscall %s on %s", name, on.Name)
	}
	d := bpf.Data{Nr: nr, Arch: on.Arch}
	copy(d.Args[:], args)
	return d
}

func needAMD64(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the profiles of this test name x86 architectures, which cannot be mixed with " + runtime.GOARCH)
	}
}

var (
	x8664 = libseccomp.ABI(specs.ArchX86_64)
	x86   = libseccomp.ABI(specs.ArchX86)
	x32   = libseccomp.ABI(specs.ArchX32)
)

const (
	eperm  = bpf.Errno | 1
	enosys = bpf.Errno | 38
)

// What a compiled profile decides, call by call.
func TestDecisions(t *testing.T) {
	needAMD64(t)
	const three = `"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]`
	allow := func(name string) string {
		return `{"defaultAction":"SCMP_ACT_ERRNO",` + three + `,"syscalls":[{"names":["` + name + `"],"action":"SCMP_ACT_ALLOW"}]}`
	}
	with := func(rule string) string {
		return `{"defaultAction":"SCMP_ACT_ERRNO",` + three + `,"syscalls":[` + rule + `]}`
	}
	mkdir := call(t, x8664, "mkdir")
	for _, row := range []struct {
		fact    string
		profile string
		call    bpf.Data
		want    bpf.Action
	}{
		{"an allowed syscall runs", allow("mkdir"), mkdir, bpf.Allow},
		{"on x86", allow("mkdir"), call(t, x86, "mkdir"), bpf.Allow},
		{"on x32", allow("mkdir"), call(t, x32, "mkdir"), bpf.Allow},
		{"an unlisted one fails with EPERM", allow("mkdir"), call(t, x8664, "rmdir") /* 84 > 83 */, enosys},
		{"an unlisted older one fails with EPERM", allow("mkdir"), call(t, x8664, "chdir"), eperm},
		{"a newer one fails with ENOSYS", allow("mkdir"), call(t, x8664, "openat2"), enosys},
		{"a newer one on x86", allow("mkdir"), call(t, x86, "openat2"), enosys},
		{"a newer one on x32", allow("mkdir"), call(t, x32, "openat2"), enosys},
		{"one past the end", allow("mkdir"), bpf.Data{Nr: 84, Arch: bpf.ArchX86_64}, enosys},
		{"-1, which a tracer sets to skip", allow("mkdir"), bpf.Data{Nr: 0xffffffff, Arch: bpf.ArchX86_64}, enosys},
		{"an unlisted architecture is killed", allow("mkdir"), bpf.Data{Nr: 83, Arch: bpf.ArchAARCH64}, bpf.KillThread},
		{"x86 unlisted is killed", `{"defaultAction":"SCMP_ACT_ALLOW"}`, call(t, x86, "mkdir"), bpf.KillThread},
		{"a permissive profile answers no ENOSYS", `{"defaultAction":"SCMP_ACT_LOG"}`, call(t, x8664, "openat2"), bpf.Log},
		{"a tracer answers for itself", `{"defaultAction":"SCMP_ACT_TRACE","defaultErrnoRet":7}`, call(t, x8664, "openat2"), bpf.Trace | 7},
		{"a KILL profile answers ENOSYS too", `{"defaultAction":"SCMP_ACT_KILL_PROCESS","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ALLOW"}]}`,
			call(t, x8664, "openat2"), enosys},
		{"a profile without rules decides alone", `{"defaultAction":"SCMP_ACT_KILL_PROCESS"}`, mkdir, bpf.KillProcess},
		{"default errno", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":5}`, mkdir, bpf.Errno | 5},
		{"errno of a rule", with(`{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":38}`), mkdir, enosys},
		{"errno 0", with(`{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":0}`), mkdir, bpf.Errno},
		{"errno 4094", with(`{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":4094}`), mkdir, bpf.Errno | 4094},
		{"a rule without conditions beats one with", with(`{"names":["mkdir"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"}]},
			{"names":["mkdir"],"action":"SCMP_ACT_LOG"}`), mkdir, bpf.Log},
		{"the first of two without conditions counts", with(`{"names":["mkdir"],"action":"SCMP_ACT_LOG"},{"names":["mkdir"],"action":"SCMP_ACT_KILL"}`),
			mkdir, bpf.Log},
		{"KILL is KILL_THREAD", with(`{"names":["mkdir"],"action":"SCMP_ACT_KILL"}`), mkdir, bpf.KillThread},
		{"KILL_THREAD", with(`{"names":["mkdir"],"action":"SCMP_ACT_KILL_THREAD"}`), mkdir, bpf.KillThread},
		{"KILL_PROCESS", with(`{"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS"}`), mkdir, bpf.KillProcess},
		{"TRAP", with(`{"names":["mkdir"],"action":"SCMP_ACT_TRAP"}`), mkdir, bpf.Trap},
		{"TRACE", with(`{"names":["mkdir"],"action":"SCMP_ACT_TRACE"}`), mkdir, bpf.Trace | 1},
		{"TRACE with a message of 16 bits", with(`{"names":["mkdir"],"action":"SCMP_ACT_TRACE","errnoRet":65535}`), mkdir, bpf.Trace | 65535},
		{"LOG", with(`{"names":["mkdir"],"action":"SCMP_ACT_LOG"}`), mkdir, bpf.Log},
		{"NOTIFY", `{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/s","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}`,
			mkdir, bpf.UserNotif},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if got := compile(t, row.profile).Program.Run(row.call).Enforced(); got != row.want.Enforced() {
				t.Errorf("nr %d on %s: got %s, want %s", row.call.Nr, row.call.Arch, got, row.want)
			}
		})
	}
}

// The operators mean what Go's do. Each is tried alone, since libseccomp errs
// with several rules on one syscall.
func TestOperators(t *testing.T) {
	native := nativeABI(t)
	operators := map[string]func(arg, value, valueTwo uint64) bool{
		"SCMP_CMP_NE":        func(a, v, _ uint64) bool { return a != v },
		"SCMP_CMP_LT":        func(a, v, _ uint64) bool { return a < v },
		"SCMP_CMP_LE":        func(a, v, _ uint64) bool { return a <= v },
		"SCMP_CMP_EQ":        func(a, v, _ uint64) bool { return a == v },
		"SCMP_CMP_GE":        func(a, v, _ uint64) bool { return a >= v },
		"SCMP_CMP_GT":        func(a, v, _ uint64) bool { return a > v },
		"SCMP_CMP_MASKED_EQ": func(a, v, two uint64) bool { return a&v == two },
	}
	edges := []uint64{0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0x7fffffffffffffff, 0xffffffff00000000, 0xffffffffffffffff}
	for op, holds := range operators {
		for _, value := range edges {
			two := value & 0xff00000001
			p := compile(t, fmt.Sprintf(`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["fchdir"],"action":"SCMP_ACT_ALLOW",
				"args":[{"index":3,"value":%d,"valueTwo":%d,"op":"%s"}]}]}`, value, two, op)).Program
			for _, arg := range edges {
				d := call(t, native, "fchdir", 9, 9, 9, arg)
				if got := p.Run(d).Kind() == bpf.Allow; got != holds(arg, value, two) {
					t.Errorf("%#x %s %#x (two %#x): matches %t", arg, op, value, two, got)
				}
			}
		}
	}
}

func TestConditions(t *testing.T) {
	native := nativeABI(t)
	rule := func(args string) string {
		return `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["fchdir"],"action":"SCMP_ACT_ALLOW","args":[` + args + `]}]}`
	}
	cond := func(index, value int, op string) string {
		return fmt.Sprintf(`{"index":%d,"value":%d,"op":"SCMP_CMP_%s"}`, index, value, op)
	}
	both := rule(cond(0, 1, "EQ") + "," + cond(1, 2, "EQ"))
	either := rule(cond(0, 1, "EQ") + "," + cond(0, 2, "EQ"))
	mixed := rule(cond(0, 1, "EQ") + "," + cond(0, 2, "EQ") + "," + cond(1, 5, "EQ"))
	for _, row := range []struct {
		fact    string
		profile string
		args    []uint64
		want    bool
	}{
		{"conditions on two arguments must both hold", both, []uint64{1, 2}, true},
		{"the first alone is not enough", both, []uint64{1, 3}, false},
		{"the second alone is not enough", both, []uint64{0, 2}, false},
		{"conditions on one argument are alternatives", either, []uint64{1}, true},
		{"so that the other matches too", either, []uint64{2}, true},
		{"and nothing else", either, []uint64{3}, false},
		{"with them, every condition of the rule is one", mixed, []uint64{9, 5}, true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := call(t, native, "fchdir", row.args...)
			if got := compile(t, row.profile).Program.Run(d).Kind() == bpf.Allow; got != row.want {
				t.Errorf("args %v: allowed %t", row.args, got)
			}
		})
	}
}

func nativeABI(t *testing.T) *meaning.ABI {
	t.Helper()
	native := libseccomp.Native()
	if native == "" {
		t.Fatal("libseccomp does not know the native architecture")
	}
	return libseccomp.ABI(native)
}

func TestRefused(t *testing.T) {
	needAMD64(t)
	for _, row := range []struct{ name, profile, field, value string }{
		{"an architecture of the other byte order", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_S390X"]}`,
			"architectures[1]", "SCMP_ARCH_S390X"},
		{"errno 4095 by default, which libseccomp cannot answer", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4095}`,
			"defaultErrnoRet", "4095"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Translate(t.Context(), parse(t, row.profile))
			var invalid *seccomp.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != row.field || !strings.Contains(invalid.Value, row.value) {
				t.Errorf("error is %v; want %s: %s", err, row.field, row.value)
			}
		})
	}
}

// Every architecture of the OCI spec is in the table, under the number that
// libseccomp emits for it.
func TestArchitectures(t *testing.T) {
	for _, name := range libseccomp.Architectures() {
		profile := fmt.Sprintf(`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["%s"],"syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}]}`, name)
		r, err := Translate(t.Context(), parse(t, profile))
		if err != nil {
			var invalid *seccomp.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != "architectures[0]" {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("%s: %v", name, err)
			continue
		}
		if got := r.Program.Run(call(t, libseccomp.ABI(name), "read")).Enforced(); got != eperm {
			t.Errorf("read on %s: %s", name, got)
		}
	}
}

func TestSameInputSameBytes(t *testing.T) {
	data, err := os.ReadFile("../../integration/testdata/profiles/fine-grained.json")
	if err != nil {
		t.Fatal(err)
	}
	needAMD64(t)
	first := compile(t, string(data)).Program
	for range 50 {
		if !compile(t, string(data)).Program.Equal(first) {
			t.Fatal("the same profile compiled to another program")
		}
	}
}
