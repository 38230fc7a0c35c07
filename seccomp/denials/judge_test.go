package denials

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "write": 1, "ioctl": 16, "socket": 41, "clone": 56, "execve": 59, "personality": 135, "clone3": 435}}
	i386 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{
		"read": 3, "write": 4, "socketcall": 102, "clone": 120, "socket": 359}}
)

func judge(t *testing.T, mode Mode, profile string) *Judge {
	t.Helper()
	p, err := seccomp.Parse([]byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	return &Judge{Profile: meaning.New(p, []*meaning.ABI{x8664, i386}), Mode: mode}
}

func on(arch bpf.Arch, nr uint32, args ...uint64) bpf.Data {
	d := bpf.Data{Arch: arch, Nr: nr}
	copy(d.Args[:], args)
	return d
}

func amd64(nr uint32, args ...uint64) bpf.Data { return on(bpf.ArchX86_64, nr, args...) }

const manyAnswers = `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":13,"syscalls":[
	{"names":["read","clone3"],"action":"SCMP_ACT_ALLOW"},
	{"names":["write"],"action":"SCMP_ACT_ERRNO","errnoRet":4095},
	{"names":["ioctl"],"action":"SCMP_ACT_ERRNO","errnoRet":7,"args":[{"index":1,"op":"SCMP_CMP_EQ","value":21522}]},
	{"names":["ioctl"],"action":"SCMP_ACT_ALLOW","args":[{"index":1,"op":"SCMP_CMP_NE","value":99}]},
	{"names":["socket"],"action":"SCMP_ACT_TRAP"},
	{"names":["clone"],"action":"SCMP_ACT_KILL_PROCESS"},
	{"names":["execve"],"action":"SCMP_ACT_TRACE"},
	{"names":["personality"],"action":"SCMP_ACT_ERRNO","errnoRet":0}]}`

// A call is notified exactly where the profile refuses it, and is answered as the profile
// says for that call.
func TestAnswers(t *testing.T) {
	for _, row := range []struct {
		fact     string
		call     bpf.Data
		denials  bpf.Action // of the observed profile
		answered Answer     // in mode denials
		trial    bpf.Action
	}{
		{"allowed", amd64(0), bpf.Allow, Answer{Errno: 38}, bpf.Allow},
		{"default", amd64(2), bpf.UserNotif, Answer{Errno: 13}, bpf.UserNotif},
		{"highest errno", amd64(1), bpf.UserNotif, Answer{Errno: 4095}, bpf.UserNotif},
		{"errno 0", amd64(135), bpf.UserNotif, Answer{Errno: 0}, bpf.UserNotif},
		{"by an argument", amd64(16, 0, 21522), bpf.UserNotif, Answer{Errno: 7}, bpf.UserNotif},
		{"by another argument", amd64(16, 0, 99), bpf.UserNotif, Answer{Errno: 13}, bpf.UserNotif},
		{"allowed by an argument", amd64(16, 0, 98), bpf.Allow, Answer{Errno: 38}, bpf.Allow},
		{"trapped", amd64(41), bpf.Trap | 1, Answer{Errno: 38}, bpf.UserNotif},
		{"killed", amd64(56), bpf.KillProcess, Answer{Errno: 38}, bpf.UserNotif},
		{"traced", amd64(59), bpf.Trace | 1, Answer{Errno: 38}, bpf.Trace | 1},
		{"newer", amd64(436), bpf.UserNotif, Answer{Errno: 38}, bpf.UserNotif},
		{"foreign", on(bpf.ArchAARCH64, 1), bpf.KillThread, Answer{Errno: 38}, bpf.UserNotif},
	} {
		t.Run(row.fact, func(t *testing.T) {
			enforcing, trial := judge(t, Enforcing, manyAnswers), judge(t, Trial, manyAnswers)
			if got := Enforcing.Meaning(enforcing.Profile).Decide(row.call).Enforced(); got.Kind() != row.denials.Kind() {
				t.Errorf("denials: %v, want %v", got, row.denials)
			}
			if got := Trial.Meaning(trial.Profile).Decide(row.call); got.Kind() != row.trial.Kind() {
				t.Errorf("trial: %v, want %v", got, row.trial)
			}
			if got := Off.Meaning(trial.Profile).Decide(row.call); got != trial.Profile.Decide(row.call) {
				t.Errorf("off: %v", got)
			}
			if got := enforcing.Answer(row.call); got != row.answered {
				t.Errorf("denials: answer %+v, want %+v", got, row.answered)
			}
			if got, want := trial.Answer(row.call).Continue, row.trial == bpf.UserNotif; got != want {
				t.Errorf("trial: continues is %v", got)
			}
		})
	}
}

// In mode denials no call continues, and the modes never make a program weaker for a call
// that the profile kills.
func TestEnforcingNeverContinues(t *testing.T) {
	j := judge(t, Enforcing, manyAnswers)
	for _, arch := range []bpf.Arch{bpf.ArchX86_64, bpf.ArchI386, bpf.ArchAARCH64} {
		for nr := range uint32(500) {
			for _, arg := range []uint64{0, 98, 99, 21522, 1 << 40} {
				if j.Answer(on(arch, nr, arg, arg)).Continue {
					t.Fatalf("%v %d continues", arch, nr)
				}
			}
		}
	}
}

func TestDescribe(t *testing.T) {
	const profile = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
		{"names":["read"],"action":"SCMP_ACT_ALLOW"},
		{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38},
		{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_EQ","value":38}]},
		{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"op":"SCMP_CMP_EQ","value":8}]}]}`
	j := judge(t, Enforcing, profile)
	for _, row := range []struct {
		call                    bpf.Data
		text, answer, rule, why string
	}{
		{amd64(1, 1), "write", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{amd64(41, 38, 5), "socket(AF_ALG)", "ERRNO(97 address family not supported by protocol)", "syscalls[2]", "syscalls[2]: arg0 == 0x26"},
		{amd64(41, 1<<40|2), "socket(AF_INET)", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{amd64(16, 3, 0x5412), "ioctl(_, TIOCSTI)", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{amd64(56, 0x10000011), "clone(CLONE_NEWUSER|0x11)", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{amd64(135, 0xffffffff), "personality(0xffffffff)", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{amd64(435), "clone3", "ERRNO(38 function not implemented)", "syscalls[1]", "syscalls[1]"},
		{amd64(999), "syscall 999", "ERRNO(38 function not implemented)", "newer than the profile", "newer than the profile, which names nothing above clone3(435)"},
		{on(bpf.ArchI386, 102, 3), "socketcall(connect)", "ERRNO(1 operation not permitted)", "defaultAction", "defaultAction"},
		{on(bpf.ArchAARCH64, 7), "syscall 7", "KILL_THREAD", "not one of the profile's architectures", "not one of the profile's architectures"},
	} {
		c := j.Describe(row.call)
		if c.Text != row.text || c.Answer != row.answer || c.Rule != row.rule || c.Why != row.why {
			t.Errorf("%v: got %q, %q, %q, %q", row.call, c.Text, c.Answer, c.Rule, c.Why)
		}
		if c.Probe != (row.text == "clone3") {
			t.Errorf("%s: probe is %v", row.text, c.Probe)
		}
	}
	if got := j.Examined(amd64(41, 38, 5, 6)); got != [6]uint64{38} {
		t.Errorf("examined %v", got)
	}
}

// The record of a kill has no arguments. All rules with the recorded action can have decided.
func TestDescribeKilled(t *testing.T) {
	j := judge(t, Enforcing, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"names":["read"],"action":"SCMP_ACT_KILL_PROCESS"},
		{"names":["write"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"op":"SCMP_CMP_EQ","value":1}]},
		{"names":["write"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":1,"op":"SCMP_CMP_EQ","value":2}]},
		{"names":["write"],"action":"SCMP_ACT_ERRNO","args":[{"index":2,"op":"SCMP_CMP_EQ","value":2}]}]}`)
	for _, row := range []struct {
		record    Record
		name, why string
	}{
		{Record{Arch: bpf.ArchX86_64, Number: 0, Action: bpf.KillProcess}, "read", "syscalls[0]"},
		{Record{Arch: bpf.ArchX86_64, Number: 1, Action: bpf.KillProcess}, "write", "syscalls[1]: arg0 == 1 or syscalls[2]: arg1 == 2"},
		{Record{Arch: bpf.ArchAARCH64, Number: 1, Action: bpf.KillThread}, "syscall 1", "not one of the profile's architectures"},
	} {
		if got := j.DescribeKilled(row.record); got.Text != row.name || got.Why != row.why || !got.Killed || got.Answer != row.record.Action.String() {
			t.Errorf("got %+v", got)
		}
	}
}

func TestKills(t *testing.T) {
	for profile, want := range map[string]bool{
		manyAnswers:                         true,
		`{"defaultAction":"SCMP_ACT_KILL"}`: true,
		`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_TRAP"}]}`: false,
	} {
		if got := judge(t, Enforcing, profile).Kills(); got != want {
			t.Errorf("%s: got %v", profile, got)
		}
		if judge(t, Trial, profile).Kills() {
			t.Errorf("%s: it kills on trial", profile)
		}
	}
}
