package compile

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// For every profile, Translate ends in time, leaves no process, and gives
// either one of its documented errors or, each time, the same program, which
// decides as the profile says.
func FuzzCompile(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(randomBytes(seed), seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		p := chosen(t, raw)
		compileSoundly(t, p, seed)
	})
}

// The same for profiles as text, which a fuzzer changes in other ways.
func FuzzCompileText(f *testing.F) {
	files, err := filepath.Glob("../../integration/testdata/profiles/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seed profiles: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint64(0))
	}
	for _, profile := range []string{
		hanging,
		`{"defaultAction":"SCMP_ACT_ALLOW"}`,
		`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
			{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967301,"op":"SCMP_CMP_EQ"}]}]}`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["chdir"],"action":"SCMP_ACT_ERRNO","errnoRet":4095}]}`,
		`{"defaultAction":"SCMP_ACT_TRACE","listenerPath":"/s","syscalls":[{"names":["read","ipc"],"action":"SCMP_ACT_NOTIFY",
			"args":[{"index":5,"value":240,"valueTwo":15,"op":"SCMP_CMP_MASKED_EQ"},{"index":5,"value":1,"op":"SCMP_CMP_GT"}]}]}`,
	} {
		f.Add([]byte(profile), uint64(0))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if p, err := seccomp.Parse(text); err == nil {
			compileSoundly(t, p, seed)
		}
	})
}

func randomBytes(seed uint64) []byte {
	raw := make([]byte, 200)
	rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(raw)
	return raw
}

// shortDeadline is shorter than the helper's time, so that profiles on which libseccomp
// hangs take little of a fuzzer's time.
const shortDeadline = 500 * time.Millisecond

var errShortDeadline = errors.New("short deadline")

func compileSoundly(t *testing.T, p *seccomp.Profile, seed uint64) *Result {
	t.Helper()
	r, err := compileSoon(t, p)
	if err != nil {
		if !documented(err) {
			t.Fatalf("%T: %v", err, err)
		}
		return nil
	}
	if again, err := compileSoon(t, p); err == nil && !again.Program.Equal(r.Program) {
		t.Errorf("compiled again to another program:\n%s\n%s", r.Program, again.Program)
	}
	m, err := Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, r.Program, m, seed)
	return r
}

// compileSoon compiles within the fuzzer's deadline.
func compileSoon(t *testing.T, p *seccomp.Profile) (*Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), shortDeadline, errShortDeadline)
	defer cancel()
	started := time.Now()
	r, err := Translate(ctx, p)
	if took := time.Since(started); took > shortDeadline+2*time.Second { // of a machine with other work
		t.Errorf("took %v", took)
	}
	if childLeft() {
		t.Error("a child process is left")
	}
	if err == nil && (r.Program.Len() == 0 || r.Program.Len() > bpf.MaxInstructions) {
		t.Errorf("%d instructions", r.Program.Len())
	}
	return r, err
}

// documented reports whether an error is one that a profile can be to blame for.
// An InexactError is none of them: no profile is known for which no exact program
// can be made.
func documented(err error) bool {
	var invalid *seccomp.InvalidError
	return errors.As(err, &invalid) || errors.Is(err, errShortDeadline)
}

// childLeft reports whether this process has children, also ones that have ended.
func childLeft() bool {
	err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return !errors.Is(err, unix.ECHILD)
}

// agree runs many calls by a program and looks them up in a meaning.
func agree(t *testing.T, p bpf.Program, m *meaning.Meaning, seed uint64) {
	t.Helper()
	const calls = 2000
	r := newCaller(m, p, seed)
	for range calls {
		call := r.call()
		if program, profile := p.Run(call), m.Decide(call); program.Enforced() != profile.Enforced() {
			t.Fatalf("%v\n%s", check.Difference{Call: call, Program: program, Profile: profile}, p)
		}
	}
}

// Random profiles are worth fuzzing with: most compile, in many of them a syscall
// is emitted by us, and every action is decided for.
func TestRandomProfiles(t *testing.T) {
	const profiles = 150
	compiled, own := 0, 0
	decided := map[bpf.Action]int{}
	for seed := range uint64(profiles) {
		c := seccomptest.Choices(randomBytes(1000 + seed))
		p, err := seccomp.New(chosenSpec(&c, someNames))
		if err != nil {
			t.Fatal(err)
		}
		r := compileSoundly(t, p, seed)
		if t.Failed() {
			t.Fatalf("with the random bytes of %d", 1000+seed)
		}
		if r == nil {
			continue
		}
		compiled++
		if len(r.Reemitted) > 0 {
			own++
		}
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		calls := newCaller(m, r.Program, seed)
		for range 100 {
			decided[m.Decide(calls.call()).Kind()]++
		}
	}
	t.Logf("of %d profiles %d compile, %d with syscalls of our own", profiles, compiled, own)
	if compiled < profiles/2 || own < profiles/5 {
		t.Errorf("of %d profiles only %d compile, and %d with syscalls of our own", profiles, compiled, own)
	}
	for _, kind := range []bpf.Action{bpf.KillProcess, bpf.KillThread, bpf.Trap, bpf.Errno, bpf.UserNotif, bpf.Trace, bpf.Log, bpf.Allow} {
		if decided[kind] < compiled {
			t.Errorf("%v for %d of %d calls", kind, decided[kind], 100*compiled)
		}
	}
}
