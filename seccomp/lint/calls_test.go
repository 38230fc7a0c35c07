package lint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"seccomp-shim/seccomp/meaning"
)

// about returns the findings on some topics, without the text after the first colon.
func about(t *testing.T, text string, abis []*meaning.ABI, topics ...Topic) []string {
	t.Helper()
	p, m := parse(t, text, abis...)
	var all []string
	for _, f := range findings(t, p, m, nil) {
		if slices.Contains(topics, f.Topic) {
			all = append(all, fmt.Sprintf("%s %s %s: %s", f.Level, f.Topic, f.Where, f.Text))
		}
	}
	return all
}

func mustFind(t *testing.T, fact string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got\n\t%s\nwant\n\t%s", fact, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestUpperBits(t *testing.T) {
	const eperm = "ERRNO(1 operation not permitted)"
	pass := func(where, argument, name, cut, was, call, is, abis string) string {
		return fmt.Sprintf("warning upper-bits-pass %s: the kernel reads 32 bits of argument %s of %s, and the rule compares 64: %s is answered %s, but %s, which is the same to the kernel, %s, "+
			"so the call passes; compare the lower 32 bits alone (SCMP_CMP_MASKED_EQ), or list what is allowed (on %s)", where, argument, name, cut, was, call, is, abis)
	}
	refused := func(where, argument, name, cut, was, call, is, abis string) string {
		return fmt.Sprintf("note upper-bits-refused %s: the kernel reads 32 bits of argument %s of %s, and the rule compares 64: %s is answered %s, but %s, which is the same to the kernel, %s, "+
			"so a program that leaves these bits as they are, or passes a negative number, may be refused (on %s)", where, argument, name, cut, was, call, is, abis)
	}
	const both = "SCMP_ARCH_X86_64, SCMP_ARCH_X32"
	for _, row := range []struct {
		fact, profile string
		want          []string
	}{
		{"all but one", rules(deny, "personality ALLOW 0 NE 5"), []string{
			pass("syscalls[0].args[0]", "0 (personality)", "personality", "personality(5)", eperm, "personality(0x100000005)", "ALLOW", both)}},
		{"one denied", rules(allow, "personality ERRNO 0 EQ 5"), []string{
			pass("syscalls[0].args[0]", "0 (personality)", "personality", "personality(5)", eperm, "personality(0x100000005)", "ALLOW", both)}},
		{"one allowed", rules(deny, "personality ALLOW 0 EQ 5"), []string{
			refused("syscalls[0].args[0]", "0 (personality)", "personality", "personality(5)", "ALLOW", "personality(0x100000005)", eperm, both)}},
		{"the lower bits allowed", rules(deny, "personality ALLOW 0 MASKED_EQ 4294967295/5"), nil},
		{"one denied by its lower bits", rules(allow, "personality ERRNO 0 MASKED_EQ 4294967295/5"), nil},
		{"an argument of 64 bits", rules(allow, "read ERRNO 2 EQ 5"), nil},
		{"the second argument", rules(allow, "socket ERRNO 2 EQ 1 1 GT 3"), []string{
			refused("syscalls[0].args[1]", "1 (type)", "socket", "socket(0, 0, 1)", "ALLOW", "socket(0, 0x100000000, 1)", eperm, "SCMP_ARCH_X86_64"),
			pass("syscalls[0].args[0]", "2 (protocol)", "socket", "socket(0, 4, 1)", eperm, "socket(0, 4, 0x100000001)", "ALLOW", "SCMP_ARCH_X86_64")}},
	} {
		got := about(t, row.profile, []*meaning.ABI{x8664, x32, i386}, UpperBitsPass, UpperBitsRefused)
		slices.Sort(got)
		slices.Sort(row.want)
		mustFind(t, row.fact, got, row.want)
	}
}

func TestOverruled(t *testing.T) {
	overruled := func(entry, by, names string) string {
		return fmt.Sprintf("warning rule-overruled syscalls[%s]: cannot count, because the stricter rule of syscalls[%s] decides each call that it matches: %s", entry, by, names)
	}
	repeated := func(entry, names string) string {
		return fmt.Sprintf("note rule-repeated syscalls[%s]: other entries match each call that this one matches: %s", entry, names)
	}
	for _, row := range []struct {
		fact, profile string
		want          []string
	}{
		{"an exception to a kill", rules(deny, "read KILL_PROCESS 0 GT 3", "read ALLOW 0 EQ 5"), []string{overruled("1", "0", "read")}},
		{"one in another argument", rules(deny, "read,write KILL_PROCESS 0 GT 3", "read,write ALLOW 0 GT 5 1 EQ 1"), []string{overruled("1", "0", "read, write")}},
		{"by two together", rules(deny, "read KILL_PROCESS 0 LT 5", "read ERRNO 1 EQ 7", "read TRAP 0 GE 5", "read ALLOW 1 EQ 7"), []string{overruled("3", "0,2", "read")}},
		{"no exception", rules(deny, "read KILL_PROCESS 0 GT 3", "read ALLOW 0 EQ 3"), nil},
		{"partly one", rules(deny, "read KILL_PROCESS 0 GT 3", "read ALLOW 1 EQ 3"), nil},
		{"twice", rules(deny, "read ALLOW 0 EQ 1", "read ALLOW 0 EQ 1"), []string{repeated("1", "read")}},
		{"a part of another", rules(deny, "read ALLOW 0 GE 1", "read ALLOW 0 EQ 1"), []string{repeated("1", "read")}},
		{"never anyway", rules(deny, "read KILL_PROCESS 0 GT 3", "read ALLOW 0 LT 0"), nil},
	} {
		mustFind(t, row.fact, about(t, row.profile, []*meaning.ABI{x8664, i386}, RuleOverruled, RuleRepeated), row.want)
	}
}

// A syscall with too many rules is named, and nothing else is said about it.
func TestNotChecked(t *testing.T) {
	entries := make([]string, 4096)
	for i := range entries {
		entries[i] = fmt.Sprintf("read ALLOW 0 EQ %d", 2*i)
	}
	got := about(t, rules(deny, append(entries, "personality ALLOW 0 EQ 1", "personality ALLOW 0 EQ 1")...), []*meaning.ABI{x8664}, NotChecked, RuleRepeated)
	mustFind(t, "4096 rules", got, []string{
		"note not-checked syscalls[0]: the rules for read on SCMP_ARCH_X86_64 are too many to be checked",
		"note rule-repeated syscalls[4097]: other entries match each call that this one matches: personality"})
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, m := parse(t, rules(deny, "read ALLOW 0 EQ 1"), x8664)
	if all, err := Profile(ctx, p, m, nil); !errors.Is(err, context.Canceled) || all != nil {
		t.Errorf("%v, %v", all, err)
	}
}

func TestBorder(t *testing.T) {
	for _, row := range []struct {
		fact, profile string
		want          []string
	}{
		{"one name far above", rules(deny, "read,exit,exit_group ALLOW", "socket,mseal ALLOW"), []string{
			"warning border-by-one-name syscalls[1].names[1]: only mseal puts the border of ENOSYS above exit_group: 4 syscalls between them, such as statx, clone3, faccessat2, " +
				"are answered ERRNO(1 operation not permitted) and not ENOSYS, so C libraries do not replace them by older ones; allow them, or refuse them with errnoRet 38 (on SCMP_ARCH_X86_64)"}},
		{"two names", rules(deny, "read,exit,exit_group,faccessat2,mseal ALLOW"), nil},
		{"the border is low", rules(deny, "read,exit,exit_group ALLOW"), nil},
		{"all is ENOSYS", rules(`"defaultErrnoRet":38,`+deny, "read,exit,exit_group ALLOW", "socket,mseal ALLOW"), nil},
		{"no border", rules(allow, "read,mseal ERRNO"), nil},
		{"one name alone", rules(deny, "mseal ALLOW"), nil},
	} {
		mustFind(t, row.fact, about(t, row.profile, []*meaning.ABI{today}, BorderByOne), row.want)
	}
}

func TestStrongCalls(t *testing.T) {
	const ring = "io_uring_setup is answered ALLOW for all arguments: the operations of a ring are no syscalls, so no filter sees them (on SCMP_ARCH_X86_64)"
	for _, row := range []struct {
		fact, profile string
		want          []string
	}{
		{"by a rule", rules(deny, "read,io_uring_setup ALLOW"), []string{"warning strong-call syscalls[0].names[1]: " + ring}},
		{"by arguments", rules(deny, "io_uring_setup ALLOW 0 EQ 1"), nil},
		{"refused", rules(deny, "read ALLOW"), nil},
		{"by default", rules(allow, "ptrace ERRNO"), []string{
			"warning default-permits defaultAction: ALLOW lets each syscall through that no rule names, among them io_uring_setup"}},
		{"none by default", rules(allow, "ptrace,io_uring_setup ERRNO"), nil},
	} {
		mustFind(t, row.fact, about(t, row.profile, []*meaning.ABI{today}, StrongCall, DefaultPermits), row.want)
	}
}

// Each topic that a finding may have has a sentence, once.
func TestTopics(t *testing.T) {
	seen := map[Topic]bool{}
	for _, topic := range Topics {
		if seen[topic.Topic] || !strings.HasSuffix(topic.About, ".") {
			t.Errorf("%+v", topic)
		}
		seen[topic.Topic] = true
	}
	for _, topic := range []Topic{ExitRefused, SameArgument, ConditionAlways, ConditionNever, ValueIgnored, UpperBitsPass, UpperBitsRefused, RuleShadowed,
		RuleOverruled, RuleRepeated, RuleLeftOut, NotChecked, BorderByOne, StrongCall, DefaultPermits, ConditionsDropped, NameUnknown, OwnEmission} {
		if !seen[topic] {
			t.Errorf("nothing about %s", topic)
		}
	}
}
