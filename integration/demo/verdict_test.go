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
	record := []testbed.AuditRecord{{Exe: program}}
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
		{"serves, but is logged", serving, seen{served: true, probes: denied, records: record}, "the kernel logs calls"},
		{"does not serve", serving, seen{result: said("no")}, "does not serve"},
		{"leaves something", serving, seen{served: true, probes: denied, left: []string{"mount"}}, "leaves traces on the host"},
		{"is logged", audited, seen{served: true, records: record}, ""},
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

// A call's name depends on its number and architecture. The runtime's calls are
// separated from the program's, and those of other containers are dropped.
func TestSyscallNames(t *testing.T) {
	const amd64, arm64, unknown = 0xc000003e, 0xc00000b7, 1
	records := ofProgram([]testbed.AuditRecord{
		{Pid: 1, Exe: "/runtime", Arch: amd64, Syscall: 59},
		{Pid: 1, Exe: program, Arch: amd64, Syscall: 288},
		{Pid: 1, Exe: program, Arch: arm64, Syscall: 172},
		{Pid: 1, Exe: program, Arch: amd64, Syscall: 288},
		{Pid: 1, Exe: program, Arch: unknown, Syscall: 7},
		{Pid: 2, Exe: "/other", Arch: amd64, Syscall: 0},
	})
	ours, runtimes := byProgram(records)
	if got := strings.Join(syscallNames(ours), " "); got != "7 (arch 1) accept4 getpid" {
		t.Errorf("program: %s", got)
	}
	if got := strings.Join(syscallNames(runtimes), " "); got != "execve" {
		t.Errorf("runtime: %s", got)
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
