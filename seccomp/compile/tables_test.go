package compile

import (
	"os"
	"slices"
	"testing"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/syscalls"
)

// Nor does what is enforced, or the border above which syscalls are too new: a
// libseccomp that knows none of the names gives a program for the same meaning.
func TestSyscallsNewerThanLibseccomp(t *testing.T) {
	needAMD64(t)
	p := parse(t, `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
		{"names":["mseal","openat2"],"action":"SCMP_ACT_ERRNO","errnoRet":13},
		{"names":["getppid","statmount"],"action":"SCMP_ACT_ALLOW"},
		{"names":["fchmodat2","futex_waitv","personality"],"action":"SCMP_ACT_ALLOW","args":[
			{"index":0,"value":4294967301,"op":"SCMP_CMP_GE"},{"index":3,"value":5,"op":"SCMP_CMP_NE"}]},
		{"names":["fchmodat2"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":1,"value":240,"valueTwo":16,"op":"SCMP_CMP_MASKED_EQ"}]}]}`)
	m, err := Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	for i, knows := range []func(string) bool{libseccomp.Knows, func(name string) bool { return libseccomp.Knows(name) && !syscalls.Known(name) }} {
		program, own, err := exactProgram(t.Context(), p.Spec(), m, knows)
		if err != nil {
			t.Fatal(err)
		}
		if differences, err := check.Compare(t.Context(), program, m); err != nil || len(differences) > 0 {
			t.Errorf("%v, %v", differences, err)
		}
		agree(t, program, m, 1)
		if want := "SCMP_ARCH_X86 fchmodat2"; i == 1 && !slices.Contains(own, want) {
			t.Errorf("own are %v, without %s", own, want)
		}
		for _, row := range []struct {
			nr   uint32
			args [6]uint64
			want bpf.Action
		}{
			{462, [6]uint64{}, bpf.Errno | 13},                         // mseal
			{437, [6]uint64{}, bpf.Errno | 13},                         // openat2
			{457, [6]uint64{}, bpf.Allow},                              // statmount
			{458, [6]uint64{}, eperm},                                  // listmount, below the highest
			{463, [6]uint64{}, enosys},                                 // setxattrat, above
			{452, [6]uint64{4294967301, 0, 0, 4}, bpf.Allow},           // fchmodat2
			{452, [6]uint64{4294967301, 0, 0, 5}, eperm},               //
			{452, [6]uint64{4294967301, 16, 0, 4}, bpf.KillProcess},    //
			{449, [6]uint64{4294967300, 0, 0, 4}, eperm},               // futex_waitv
			{bpf.X32Bit | 462, [6]uint64{}, bpf.Errno | 13},            //
			{bpf.X32Bit | 463, [6]uint64{}, enosys},                    //
			{bpf.X32Bit | 449, [6]uint64{1 << 40, 0, 0, 6}, bpf.Allow}, //
		} {
			d := bpf.Data{Nr: row.nr, Arch: bpf.ArchX86_64, Args: row.args}
			if got := program.Run(d).Enforced(); got != row.want.Enforced() {
				t.Errorf("%d %#x: got %v, want %v", row.nr, row.args, got, row.want)
			}
		}
	}
}

// A profile that denies syscalls newer than libseccomp 2.5 is not refused.
func TestDenyNewerSyscalls(t *testing.T) {
	text, err := os.ReadFile("testdata/deny-newer-syscalls.json")
	if err != nil {
		t.Fatal(err)
	}
	r := compile(t, string(text))
	if len(r.Skipped) > 0 {
		t.Errorf("unknown are %v", r.Skipped)
	}
	native := nativeABI(t).Arch
	for nr, want := range map[uint32]bpf.Action{
		457: eperm, 458: eperm, 460: eperm, 462: eperm, 467: eperm, // as its rule says
		456: enosys, 459: enosys, 463: enosys, 468: enosys, // by default, and as too new
	} {
		if got := r.Program.Run(bpf.Data{Nr: nr, Arch: native}).Enforced(); got != want.Enforced() {
			t.Errorf("%d: got %v, want %v", nr, got, want)
		}
	}
}

// All names of containerd's default profile are known.
func TestDefaultProfileIsKnown(t *testing.T) {
	skipped, err := unknownNames(defaultProfile([]string{"CAP_SYS_ADMIN"}))
	if err != nil || len(skipped) > 0 {
		t.Errorf("unknown are %v, %v", skipped, err)
	}
}
