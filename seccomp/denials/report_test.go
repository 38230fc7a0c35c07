package denials

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Equal calls are counted together, and a full tally takes no further ones.
func TestTally(t *testing.T) {
	var tally Tally
	place := func(kind Kind, text string) (*Denial, bool) {
		return tally.Place(Process{Kind: kind, PID: len(text)}, Call{Text: text})
	}
	first, isNew := place(Init, "mkdir")
	if first == nil || !isNew {
		t.Fatal("the first call is not new")
	}
	if again, isNew := place(Init, "mkdir"); again != first || isNew {
		t.Error("the same call is new")
	}
	if other, isNew := place(Exec, "mkdir"); other == first || !isNew {
		t.Error("a call of an exec is not apart")
	}
	for i := range 2 * MostDistinct {
		place(Init, fmt.Sprint(i))
	}
	if len(tally.Denials) != MostDistinct {
		t.Errorf("%d distinct calls", len(tally.Denials))
	}
	if d, isNew := place(Init, "late"); d != nil || isNew {
		t.Error("a full tally takes a call")
	}
	if d, _ := place(Init, "mkdir"); d != first {
		t.Error("a full tally loses a known call")
	}
}

func TestMessage(t *testing.T) {
	now := time.Unix(1000, 0)
	denial := func(text string, count uint64, last time.Duration) *Denial {
		return &Denial{Last: now.Add(last), Count: count, Process: Process{Kind: Init, Executable: "/bin/app"},
			Call: Call{Text: text, Answer: "ERRNO(1 operation not permitted)", Rule: "syscalls[3]"}}
	}
	probe, exec := denial("clone3", 1, 0), denial("mkdir", 1, 0)
	probe.Probe, exec.Kind = true, Exec
	killed := denial("getsid", 1, 9)
	killed.Killed, killed.Answer = true, "KILL_PROCESS"
	child := denial("getsid", 2, 9)
	child.Kind, child.Killed, child.Answer = Descendant, true, "KILL_PROCESS"
	for _, row := range []struct {
		fact    string
		mode    Mode
		status  int
		denials []*Denial
		want    string
	}{
		{"ended well", Enforcing, 0, []*Denial{denial("mkdir", 3, 0)}, ""},
		{"nothing refused", Enforcing, 1, nil, ""},
		{"only a probe", Enforcing, 1, []*Denial{probe}, ""},
		{"only an exec", Enforcing, 1, []*Denial{exec}, ""},
		{"trial", Trial, 1, []*Denial{denial("mkdir", 3, 0)}, ""},
		{"the last first", Enforcing, 1, []*Denial{denial("openat2", 1, 0), probe, denial("mkdir", 3, 5)},
			"the seccomp profile (linux.seccomp) refused:\n" +
				"mkdir ×3: ERRNO(1 operation not permitted) by syscalls[3], in /bin/app\n" +
				"openat2 ×1: ERRNO(1 operation not permitted) by syscalls[3], in /bin/app"},
		{"SIGSYS", Enforcing, 159, nil, "killed by SIGSYS: the seccomp profile (linux.seccomp) answers a call of the container with KILL or TRAP; which one is not known: no record"},
		{"SIGSYS of a shell's child", Enforcing, 159, []*Denial{child},
			"the seccomp profile (linux.seccomp) refused:\ngetsid ×2: KILL_PROCESS by syscalls[3], in /bin/app"},
		{"a failure after a child was killed", Enforcing, 1, []*Denial{child},
			"the seccomp profile (linux.seccomp) refused:\ngetsid ×2: KILL_PROCESS by syscalls[3], in /bin/app"},
		{"SIGSYS of a known call, after a refusal", Enforcing, 159, []*Denial{denial("mkdir", 3, 0), killed},
			"killed by SIGSYS: the seccomp profile (linux.seccomp) answers getsid with KILL_PROCESS, by syscalls[3]\n" +
				"the seccomp profile (linux.seccomp) refused:\n" +
				"mkdir ×3: ERRNO(1 operation not permitted) by syscalls[3], in /bin/app"},
	} {
		r := Report{Mode: row.mode, Profile: "seccomp profile (linux.seccomp)", Ended: &End{Status: row.status, Unnamed: "no record"}, Denials: row.denials}
		if got := r.Message(); got != row.want {
			t.Errorf("%s: got %q", row.fact, got)
		}
	}
}

// A message is short and printable, for any names and any number of denials.
func TestMessageIsBounded(t *testing.T) {
	r := Report{Mode: Enforcing, Profile: "profile \x1b[31m" + strings.Repeat("ä", 2000), Ended: &End{Status: 159}}
	for i := range 300 {
		r.Denials = append(r.Denials, &Denial{Count: 1 << 63, Process: Process{Kind: Init, Executable: "/\x1b]0;\a\n\xff" + strings.Repeat("x", i)}, Call: Call{Text: fmt.Sprint("call", i)}})
	}
	for _, profile := range []string{r.Profile, "short"} {
		r.Profile = profile
		got := r.Message()
		if len(got) > MaxMessage || !utf8.ValidString(got) || got == "" {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		if strings.ContainsAny(got, "\x1b\a") {
			t.Errorf("control characters: %q", got)
		}
	}
}
