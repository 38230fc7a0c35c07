package page

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compare"
	"seccomp-shim/seccomp/lint"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{
		"read": 0, "ioctl": 16, "socket": 41, "clone": 56, "exit": 60, "exit_group": 231, "openat2": 437, "tuxcall": 184, "chown": 92}}
	i386 = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{
		"exit": 1, "read": 3, "ioctl": 54, "exit_group": 252, "socket": 359, "chown32": 212, "clock_gettime64": 403}}
)

const (
	hostile = `<img src=x onerror="owned=1"> & </code><script>owned=1</script>` + "\x1b[31m\u202e"
	deny    = `"defaultAction":"SCMP_ACT_ERRNO"`
)

// subject returns one with hostile names, and a profile to compare with.
func subject(t *testing.T) *Subject {
	t.Helper()
	of := func(entries ...string) (*seccomp.Profile, *meaning.Meaning) {
		p, err := seccomp.Parse([]byte("{" + seccomptest.Rules(deny, entries...) + "}"))
		if err != nil {
			t.Fatal(err)
		}
		return p, meaning.New(p, []*meaning.ABI{x8664, i386})
	}
	a, m := of("read,exit,exit_group ALLOW", "socket ALLOW 0 EQ 1", "socket ALLOW 0 EQ 4294967297", "clone ALLOW 0 MASKED_EQ 2114060288/0",
		"ioctl KILL_PROCESS 1 EQ 21505", "chown,chown32 LOG")
	b, other := of("read,exit,exit_group,openat2 ALLOW", "socket ALLOW 0 EQ 2")
	findings, err := lint.Profile(t.Context(), a, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	findings = append(findings, lint.Finding{Level: lint.Warning, Topic: lint.NameUnknown, Where: "syscalls", Text: hostile})
	result, err := compare.Profiles(t.Context(), m, other)
	if err != nil {
		t.Fatal(err)
	}
	return &Subject{Name: hostile, Meaning: m, Facts: [][2]string{{"default", hostile}}, Findings: findings,
		Against: &Against{Name: hostile, Result: result, Settings: append(compare.Settings(a, b), compare.Setting{Field: "listenerPath", A: hostile, B: ""})}}
}

func written(t *testing.T, s *Subject) string {
	t.Helper()
	var text strings.Builder
	if err := Write(&text, s); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// The page has no script and no link, also if names have, and nothing from the network.
func TestPageIsAlone(t *testing.T) {
	text := written(t, subject(t))
	for _, found := range regexp.MustCompile(`(?i)<(script|img|link|iframe|object|a)\b|\s(src|href|on\w+)=|url\(|@import`).FindAllString(text, -1) {
		if !slices.Contains([]string{" src=", ` onerror=`}, found) || !strings.Contains(text, "&lt;img src=x onerror=") {
			t.Errorf("the page has %s", found)
		}
	}
	if strings.Contains(text, "<script") || strings.Contains(text, "<img") || strings.Count(text, "&lt;script&gt;") < 4 {
		t.Error("a hostile name is not escaped")
	}
	for _, r := range strings.ReplaceAll(text, "\n", "") {
		if !strconv.IsPrint(r) {
			t.Fatalf("a control character %q", r)
		}
	}
}

// Syscalls are in their groups, with the words of C for arguments, and marked where the
// other profile differs.
func TestSections(t *testing.T) {
	s := subject(t)
	var lines []string
	for _, group := range sections(s) {
		for _, d := range group.ByArguments {
			for _, c := range d.Cases {
				lines = append(lines, fmt.Sprintf("%s: %s%s on %s: %s", group.Name, d.Name, group.Marks[d.Name], c.ABIs, strings.Join(c.Lines, "; ")))
			}
		}
		for _, p := range group.Plain {
			for _, name := range p.Syscalls {
				lines = append(lines, fmt.Sprintf("%s: %s%s: %s", group.Name, name, group.Marks[name], p.Answer))
			}
		}
	}
	slices.Sort(lines)
	const eperm, enosys = "ERRNO(1 operation not permitted)", "ERRNO(38 function not implemented)"
	want := []string{
		"Attributes and owners: chown+: LOG",
		"Attributes and owners: chown32+: LOG",
		"Files: ioctl≠ on x86_64, x86: KILL_PROCESS if cmd == TCGETS; otherwise " + eperm,
		"Files: openat2−: " + enosys,
		"Files: read: ALLOW",
		"Network: socket+− on x86_64, x86: ALLOW if family == AF_UNIX; ALLOW if family == 0x100000001; otherwise " + eperm,
		"Others: tuxcall: " + eperm,
		"Processes and threads: clone+ on x86_64: ALLOW if clone_flags & (CLONE_NEWNS|CLONE_NEWCGROUP|CLONE_NEWUTS|CLONE_NEWIPC|CLONE_NEWUSER|CLONE_NEWPID|CLONE_NEWNET) == 0; otherwise " + eperm,
		"Processes and threads: exit: ALLOW",
		"Processes and threads: exit_group: ALLOW",
		"Time: clock_gettime64: " + enosys,
	}
	if got := strings.Join(lines, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// No syscall is in two groups.
func TestGroups(t *testing.T) {
	seen := map[string]string{}
	for _, group := range groups {
		for _, syscall := range strings.Fields(group.syscalls) {
			if seen[syscall] != "" {
				t.Errorf("%s is in %s and %s", syscall, seen[syscall], group.name)
			}
			seen[syscall] = group.name
		}
	}
	for syscall, want := range map[string]string{"chown32": "Attributes and owners", "futex_time64": "Between processes", "fadvise64_64": "Files",
		"pread64": "Files", "no_such_call": otherGroup, "socket": "Network", "getuid32": "Processes and threads"} {
		if got := groupOf(syscall); got != want {
			t.Errorf("%s: %s, want %s", syscall, got, want)
		}
	}
}
