package main

import (
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

func TestDifference(t *testing.T) {
	serving := outcome{serves: true, probes: map[string]string{"keyctl": "EPERM"}}
	audited := outcome{serves: true, logged: true}
	failing := outcome{says: "seccomp"}
	refused := outcome{says: "missing.json", refused: true}
	denied := map[string]string{"keyctl": "EPERM"}
	record := []logged{{Executable: program}}
	said := func(text string) testbed.Result { return testbed.Result{Stderr: text, ExitCode: 1} }

	tests := []struct {
		name string
		want outcome
		seen seen
		diff string
	}{
		{"serves and denies", serving, seen{served: true, probes: denied}, ""},
		{"serves and allows", serving, seen{served: true, probes: map[string]string{"keyctl": "ok"}}, "keyctl: ok"},
		{"serves, unasked", serving, seen{served: true}, "keyctl: "},
		{"serves, but is logged", serving, seen{served: true, probes: denied, calls: record}, "the kernel logs calls"},
		{"does not serve", serving, seen{result: said("no")}, "does not serve"},
		{"leaves something", serving, seen{served: true, probes: denied, left: []string{"mount"}}, "leaves traces on the host"},
		{"is logged", audited, seen{served: true, calls: record}, ""},
		{"is not logged", audited, seen{served: true}, "the kernel logs nothing"},
		{"fails and says why", failing, seen{result: said("cannot start under seccomp")}, ""},
		{"fails and is silent", failing, seen{result: said("operation not permitted")}, `the error does not say "seccomp"`},
		{"does not fail", failing, seen{served: true}, "serves"},
		{"fails with success", failing, seen{result: testbed.Result{Stderr: "seccomp"}}, "exit code 0"},
		{"refused by the shim", refused, seen{result: said("failed to create shim task: missing.json")}, ""},
		{"refused by ctr", refused, seen{result: said("no missing.json")}, "refused by ctr"},
	}
	for _, test := range tests {
		if got := test.want.difference(way{refuser: "the shim"}, test.seen); got != test.diff {
			t.Errorf("%s: %q, want %q", test.name, got, test.diff)
		}
	}
}

// Calls are those of the container, with their last counts, and the runtime's are separated
// from the program's.
func TestOfContainer(t *testing.T) {
	of := func(id, executable, syscall string, count int) line {
		l := line{logged: logged{Executable: executable, Syscall: syscall, Count: count}}
		l.Container.ID = id
		return l
	}
	unknown, other := of("", program, "uname", 2), of("", "/other", "uname", 4)
	unknown.Unknown, other.Unknown = "why", "why"
	lines := []line{
		of("a", "/runtime", "execve", 1), of("a", program, "read", 3), of("a", program, "accept4", 1), of("a", program, "read", 5),
		of("b", program, "write", 9), unknown, other,
	}
	calls, lost := ofContainer(lines, "a")
	ours, runtimes := byProgram(calls)
	if got := strings.Join(syscallNames(ours), " "); got != "accept4 read uname" || count(ours) != 8 || lost {
		t.Errorf("program: %s, %d calls", got, count(ours))
	}
	if got := strings.Join(syscallNames(runtimes), " "); got != "execve" || count(runtimes) != 1 {
		t.Errorf("runtime: %s", got)
	}
	if _, lost := ofContainer([]line{{Lost: []byte(`{"queue":1}`)}}, "a"); !lost {
		t.Error("a loss is overlooked")
	}
}

func TestWrap(t *testing.T) {
	words := strings.Fields(strings.Repeat("syscall ", 30))
	text := wrap(words)
	for line := range strings.Lines(text) {
		if len(strings.TrimRight(line, "\n")) > lineWidth {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
	if got := strings.Count(text, "syscall"); got != len(words) {
		t.Errorf("%d words of %d", got, len(words))
	}
}
