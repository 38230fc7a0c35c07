package compile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/libseccomp"
)

func fchdirRules(rules ...string) string {
	text := `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[`
	for i, args := range rules {
		if i > 0 {
			text += ","
		}
		text += `{"names":["fchdir"],"action":"SCMP_ACT_ALLOW","args":[` + args + `]}`
	}
	return text + `]}`
}

// libseccomp 2.5.4 and 2.6.1 compile these wrongly, or refuse them; the result
// is exact all the same, and says so.
func TestOwn(t *testing.T) {
	needAMD64(t)
	for _, row := range []struct {
		fact, profile string
		call          bpf.Data
		want          bpf.Action
		own           string
	}{
		{"a comparison that ends in the middle of an argument",
			fchdirRules(`{"index":1,"value":0,"op":"SCMP_CMP_LE"}`, `{"index":1,"value":18446744069414584320,"op":"SCMP_CMP_GT"}`),
			call(t, x8664, "fchdir", 0, 0xffffffff), eperm, "SCMP_ARCH_X86_64 fchdir"},
		{"a rule that contradicts another", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
			{"names":["chdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]},
			{"names":["chdir"],"action":"SCMP_ACT_KILL","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`,
			call(t, x8664, "chdir", 1), bpf.KillThread, "SCMP_ARCH_X86_64 chdir"},
		{"errno 4095", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chdir"],"action":"SCMP_ACT_ERRNO","errnoRet":4095}]}`,
			call(t, x8664, "chdir", 1), bpf.Errno | 4095, ""}, // no conditions: decided by the number
		{"errno 4095 with a condition", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chdir"],"action":"SCMP_ACT_ERRNO","errnoRet":4095,
			"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`,
			call(t, x8664, "chdir", 1), bpf.Errno | 4095, "SCMP_ARCH_X86_64 chdir"},
		{"a wide operand on x86", `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
			{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967301,"op":"SCMP_CMP_EQ"}]}]}`,
			call(t, x86, "personality", 5), eperm, "SCMP_ARCH_X86 personality"},
		{"ipc's version", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[
			{"names":["semop"],"action":"SCMP_ACT_ERRNO"}]}`,
			call(t, x86, "ipc", 1<<16|1), eperm, "SCMP_ARCH_X86 ipc"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			r := compile(t, row.profile)
			if got := r.Program.Run(row.call); got.Enforced() != row.want.Enforced() {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if row.own != "" && !slices.Contains(r.Reemitted, row.own) {
				t.Errorf("own are %v, without %s", r.Reemitted, row.own)
			}
		})
	}
}

// Our own emission of all rules is exact.
func TestEmitted(t *testing.T) {
	needAMD64(t)
	nothing, err := bpf.New([]bpf.Instruction{{Code: bpf.RetK, K: uint32(bpf.KillThread)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []string{"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"} {
		for _, v := range []uint64{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x100000001, 0xffffffff00000000, 0xffffffffffffffff} {
			condition := func(i int) string {
				return fmt.Sprintf(`{"index":%d,"value":%d,"valueTwo":%d,"op":"SCMP_CMP_%s"}`, i, v, v&0xff00000001, op)
			}
			profile := fchdirRules(condition(0)+","+condition(5), condition(3))
			p := parse(t, `{"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],`+profile[1:])
			m, err := Meaning(p)
			if err != nil {
				t.Fatal(err)
			}
			own := emit.Conditional(m, emit.All)
			program, err := emit.Prologue(nothing, m, own)
			if err != nil {
				t.Fatal(err)
			}
			differences, err := check.Compare(t.Context(), program, m)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range differences {
				if slices.Contains(own[d.Call.Arch], d.Call.Nr) {
					t.Errorf("%s %#x: %v", op, v, d)
				}
			}
		}
	}
}

// containerd's default profile is exact, for several sets of capabilities.
func TestDefaultProfile(t *testing.T) {
	for _, capabilities := range [][]string{nil, {"CAP_SYS_ADMIN"}, {"CAP_SYS_PTRACE", "CAP_BPF", "CAP_SYS_CHROOT"}} {
		p, err := seccomp.New(defaultProfile(capabilities))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Translate(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		differences, err := check.Compare(t.Context(), r.Program, m)
		if err != nil || len(differences) > 0 {
			t.Errorf("with %v: %v, %v", capabilities, differences, err)
		}
		t.Logf("with %v: %d instructions, own: %v", capabilities, r.Program.Len(), r.Reemitted)
	}
}

func defaultProfile(capabilities []string) *specs.LinuxSeccomp {
	return containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: capabilities}}})
}

// hanging are rules on which libseccomp 2.5.0 to 2.6.1 do not end.
var hanging = fchdirRules(
	`{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":18446744069414584320,"op":"SCMP_CMP_LE"}`,
	`{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":2147483647,"op":"SCMP_CMP_LE"}`)

// Where libseccomp does not end, its processor time does, and the profile is
// enforced without it; no process is left.
func TestLibseccompHangs(t *testing.T) {
	before := processorTime(t)
	p := parse(t, hanging)
	r, err := Translate(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if took := processorTime(t) - before; took > 4*time.Second {
		t.Errorf("took %v of processor time, so it takes people's patience on any machine", took)
	}
	if childLeft() {
		t.Error("a child process is left")
	}
	if len(r.Reemitted) != 1 || !strings.HasSuffix(r.Reemitted[0], " fchdir") {
		t.Errorf("libseccomp %s does not hang as 2.5.0 to 2.6.1 do: own are %v", libseccomp.Version(), r.Reemitted)
	}
	m, err := Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, r.Program, m, 1)
}

// processorTime is what this process and its ended children have used.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var all time.Duration
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var usage unix.Rusage
		if err := unix.Getrusage(who, &usage); err != nil {
			t.Fatal(err)
		}
		all += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return all
}

// With libseccomp's failure, a profile that is too large for our own emission too
// is refused as such if the profile is the reason of both.
func TestLibseccompFailsAndWeToo(t *testing.T) {
	p := parse(t, tooMany())
	m, err := Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	filter, err := emit.Foreign(m)
	if err != nil {
		t.Fatal(err)
	}
	_, _, tooLong := makeExact(t.Context(), filter, m, emit.Conditional(m, emit.All))
	for _, lasting := range []bool{true, false} {
		failure := &libseccomp.Error{Cause: errors.New("because of a test"), Lasting: lasting}
		err := blame(p.Spec(), alsoWithout(failure, tooLong))
		if invalid := (*seccomp.InvalidError)(nil); errors.As(err, &invalid) != lasting {
			t.Errorf("lasting %v: %T %v", lasting, err, err)
		}
	}
}

func TestCheckExecve(t *testing.T) {
	for _, row := range []struct {
		profile string
		starts  bool
	}{
		{`{"defaultAction":"SCMP_ACT_ERRNO"}`, false},
		{`{"defaultAction":"SCMP_ACT_KILL_PROCESS"}`, false},
		{`{"defaultAction":"SCMP_ACT_TRACE"}`, false},
		{`{"defaultAction":"SCMP_ACT_LOG"}`, true},
		{`{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/s"}`, true},
		{`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`, false},
		{`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ALLOW"}]}`, true},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ERRNO"}]}`, false},
		{`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"value":0,"op":"SCMP_CMP_EQ"}]}]}`, true},
	} {
		m, err := Meaning(parse(t, row.profile))
		if err != nil {
			t.Fatal(err)
		}
		err = CheckExecve(m)
		var invalid *seccomp.InvalidError
		if row.starts && err != nil || !row.starts && (!errors.As(err, &invalid) || invalid.Value != "execve" || !strings.Contains(err.Error(), "seccomp")) {
			t.Errorf("%s: %v", row.profile, err)
		}
	}
}

func BenchmarkDefaultProfile(b *testing.B) {
	p, err := seccomp.New(defaultProfile(nil))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Translate(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// What cannot be made exact is refused with a call that shows it.
func TestInexact(t *testing.T) {
	allowAll, err := bpf.New([]bpf.Instruction{{Code: bpf.RetK, K: uint32(bpf.Allow)}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Meaning(parse(t, fchdirRules(`{"index":0,"value":1,"op":"SCMP_CMP_EQ"}`)))
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = makeExact(t.Context(), allowAll, m, nil)
	inexact := (*InexactError)(nil)
	if !errors.As(err, &inexact) {
		t.Fatalf("error is %v", err)
	}
	if got := m.Decide(inexact.Call); got.Enforced() == bpf.Allow {
		t.Errorf("%v: the profile says so too", inexact)
	}
}

// Where libseccomp's program is too complex to be compared with the profile, our
// own is not: it asks what the rules say.
func TestTooComplexForTheCheck(t *testing.T) {
	needAMD64(t)
	r := rand.New(rand.NewPCG(3, 3))
	var rules []string
	for range 60 {
		var conditions []string
		for i := range 6 {
			conditions = append(conditions, fmt.Sprintf(`{"index":%d,"value":%d,"op":"SCMP_CMP_GE"}`, i, r.Uint64()))
		}
		rules = append(rules, strings.Join(conditions, ","))
	}
	p := parse(t, fchdirRules(rules...))
	filter, err := libseccomp.Compile(t.Context(), p.Spec())
	if err != nil {
		t.Skipf("libseccomp %s makes no program of the rules: %v", libseccomp.Version(), err)
	}
	m, err := Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := check.Compare(t.Context(), filter, m); !errors.Is(err, check.ErrTooComplex) {
		t.Fatalf("libseccomp's program is comparable: %v", err)
	}
	if program, own, err := makeExact(t.Context(), filter, m, nil); err != nil || program.Len() == 0 || len(own) != 1 {
		t.Errorf("own %v: %v", own, err)
	}
}
