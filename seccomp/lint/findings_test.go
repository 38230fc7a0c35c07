package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"seccomp-shim/seccomp/meaning"
)

func TestFindings(t *testing.T) {
	const ending = "exit,exit_group ALLOW"
	const onX8664 = " on SCMP_ARCH_X86_64"
	for _, row := range []struct {
		fact, profile string
		abis          []*meaning.ABI
		compiled      *CompilerReport
		want          []string
	}{
		{"nothing", rules(deny, ending), []*meaning.ABI{x8664, i386}, &CompilerReport{}, nil},
		{"cannot end", rules(deny, "read,exit ALLOW", "exit_group ERRNO"), []*meaning.ABI{x8664}, nil, []string{
			"warning exit-refused syscalls: exit_group is answered ERRNO(1 operation not permitted)" + onX8664 + ": " + trapped,
			"note rule-left-out syscalls[1].action: ERRNO(1 operation not permitted) is what defaultAction says, so the rule changes nothing"}},
		{"is killed at the end", rules(`"defaultAction":"SCMP_ACT_KILL_PROCESS"`, "read,exit_group ALLOW"), []*meaning.ABI{x8664}, nil, []string{
			"warning exit-refused syscalls: exit is answered KILL_PROCESS" + onX8664 + ": " + killed}},
		{"cannot end, as too new", rules(deny, "read ALLOW"), []*meaning.ABI{i386}, nil, []string{
			"warning exit-refused syscalls: exit is answered ERRNO(1 operation not permitted) on SCMP_ARCH_X86: " + trapped,
			"warning exit-refused syscalls: exit_group is answered ERRNO(38 function not implemented) on SCMP_ARCH_X86: " + trapped}},
		{"ends by arguments", rules(deny, "exit,exit_group ALLOW 0 EQ 0"), []*meaning.ABI{x8664}, nil, nil},
		{"does not end by arguments", rules(allow, "exit,exit_group ERRNO 0 EQ 0"), []*meaning.ABI{x8664}, nil, nil},
		{"somebody is asked", rules(`"listenerPath":"/s",`+deny, "exit,exit_group NOTIFY"), []*meaning.ABI{x8664}, nil, nil},
		{"ambiguous", rules(allow, "read ERRNO 1 EQ 1 0 EQ 2 1 EQ 3"), []*meaning.ABI{x8664}, nil, []string{
			"warning same-argument syscalls[0].args: argument 1 has more than one condition, so each of the 3 conditions is enough (OR, as in runc)"}},
		{"never below 0", rules(allow, "read ERRNO 0 LT 0"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-never syscalls[0].args[0]: arg0 < 0 holds for no call, so the rule never counts"}},
		{"never above all", rules(allow, "read ERRNO 1 EQ 2 0 GT 18446744073709551615"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-never syscalls[0].args[1]: arg0 > 0xffffffffffffffff holds for no call, so the rule never counts"}},
		{"always from 0 on", rules(allow, "read ERRNO 1 EQ 2 0 GE 0"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-always syscalls[0].args[1]: arg0 >= 0 holds for every call, so the condition is without effect"}},
		{"always up to all", rules(allow, "read ERRNO 0 LE 18446744073709551615"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-always syscalls[0].args[0]: arg0 <= 0xffffffffffffffff holds for every call, so the condition is without effect"}},
		{"a mask of nothing", rules(allow, "read ERRNO 0 MASKED_EQ 0/0"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-always syscalls[0].args[0]: arg0 & 0 == 0 holds for every call, so the condition is without effect"}},
		{"a mask of nothing, and bits", rules(allow, "read ERRNO 0 MASKED_EQ 0/16"), []*meaning.ABI{x8664}, nil, []string{
			"warning condition-always syscalls[0].args[0]: arg0 & 0 == 0 holds for every call, so the condition is without effect",
			"warning value-ignored syscalls[0].args[0].valueTwo: the bits 0x10 are outside of the mask in value and do not count: arg0 & 0 == 0"}},
		{"bits outside of the mask", rules(allow, "read ERRNO 0 MASKED_EQ 255/257"), []*meaning.ABI{x8664}, nil, []string{
			"warning value-ignored syscalls[0].args[0].valueTwo: the bits 0x100 are outside of the mask in value and do not count: arg0 & 0xff == 1"}},
		{"a second value without a mask", rules(allow, "read ERRNO 0 EQ 1/2"), []*meaning.ABI{x8664}, nil, []string{
			"warning value-ignored syscalls[0].args[0].valueTwo: 2 does not count for SCMP_CMP_EQ, which compares with value alone: arg0 == 1"}},
		{"the ends that are left", rules(allow, "read ERRNO 0 LE 0 1 GE 18446744073709551615 2 LT 1 3 GT 18446744073709551614 4 NE 0 5 NE 18446744073709551615"),
			[]*meaning.ABI{x8664}, nil, nil},
		{"never with 32 bits", rules(allow, "read ERRNO 0 EQ 4294967296"), []*meaning.ABI{x8664, x32, i386}, nil, []string{
			"note condition-never syscalls[0].args[0]: arg0 == 0x100000000 holds for no call on SCMP_ARCH_X86, whose arguments have 32 bits"}},
		{"always with 32 bits", rules(allow, "read ERRNO 0 NE 4294967296"), []*meaning.ABI{x8664, i386}, nil, []string{
			"note condition-always syscalls[0].args[0]: arg0 != 0x100000000 holds for every call on SCMP_ARCH_X86, whose arguments have 32 bits"}},
		{"a mask above 32 bits", rules(allow, "read ERRNO 0 MASKED_EQ 4294967296/0 1 MASKED_EQ 4294967297/4294967296"), []*meaning.ABI{x8664, i386}, nil, []string{
			"note condition-always syscalls[0].args[0]: arg0 & 0x100000000 == 0 holds for every call on SCMP_ARCH_X86, whose arguments have 32 bits",
			"note condition-never syscalls[0].args[1]: arg1 & 0x100000001 == 0x100000000 holds for no call on SCMP_ARCH_X86, whose arguments have 32 bits"}},
		{"64 bits where no ABI of 32 has the syscall", rules(allow, "clone ERRNO 0 EQ 4294967296"), []*meaning.ABI{x8664, i386}, nil, nil},
		{"each is enough, and one always holds", rules(allow, "read ERRNO 0 EQ 1 0 GE 0"), []*meaning.ABI{x8664}, nil, []string{
			"warning same-argument syscalls[0].args: argument 0 has more than one condition, so each of the 2 conditions is enough (OR, as in runc)",
			"warning condition-always syscalls[0].args[1]: arg0 >= 0 holds for every call, so the rule counts for every call"}},
		{"each is enough, and one never holds", rules(allow, "read ERRNO 0 EQ 1 0 LT 0"), []*meaning.ABI{x8664}, nil, []string{
			"warning same-argument syscalls[0].args: argument 0 has more than one condition, so each of the 2 conditions is enough (OR, as in runc)",
			"warning condition-never syscalls[0].args[1]: arg0 < 0 holds for no call, so the condition is without effect"}},
		{"neither 1 nor 2, as it was meant", rules(allow, "read ERRNO 1 EQ 1 0 NE 1 0 NE 2"), []*meaning.ABI{x8664}, nil, []string{
			"warning same-argument syscalls[0].args: argument 0 has more than one condition, so each of the 3 conditions is enough (OR, as in runc)",
			"warning condition-always syscalls[0].args: for each value of argument 0 one of the conditions holds, so the rule counts for every call"}},
		{"a range, as it was meant", rules(allow, "read ERRNO 0 GE 3 0 LE 9"), []*meaning.ABI{x8664}, nil, []string{
			"warning same-argument syscalls[0].args: argument 0 has more than one condition, so each of the 2 conditions is enough (OR, as in runc)",
			"warning condition-always syscalls[0].args: for each value of argument 0 one of the conditions holds, so the rule counts for every call"}},

		{"an exception to a deny", rules(allow, "read ERRNO", "read,write ALLOW 0 EQ 1"), []*meaning.ABI{x8664}, nil, []string{
			"warning rule-left-out syscalls[1].action: ALLOW is what defaultAction says, so the rule changes nothing: it is no exception to syscalls[0] for read, whose conditions would have to leave it out"}},
		{"an exception to denies with conditions", rules(allow, "read,write ERRNO 0 GT 1", "read ERRNO 1 EQ 1", "read,write ALLOW 0 EQ 2"), []*meaning.ABI{x8664}, nil, []string{
			"warning rule-left-out syscalls[2].action: ALLOW is what defaultAction says, so the rule changes nothing: it is no exception to syscalls[0-1] for read, write, whose conditions would have to leave it out"}},
		{"an exception to an allow", rules(deny, ending, "socket ALLOW", "socket ERRNO 0 EQ 40"), []*meaning.ABI{x8664}, nil, []string{
			"warning rule-left-out syscalls[2].action: ERRNO(1 operation not permitted) is what defaultAction says, so the rule changes nothing: it is no exception to syscalls[1] for socket, whose conditions would have to leave it out"}},
		{"an exception without conditions", rules(allow, "read,write ERRNO", "read ALLOW"), []*meaning.ABI{x8664}, nil, []string{
			"warning rule-left-out syscalls[1].action: ALLOW is what defaultAction says, so the rule changes nothing: it is no exception to syscalls[0] for read, whose conditions would have to leave it out"}},
		{"the general rule", rules(allow, "read ERRNO 0 EQ 1", "read ALLOW"), []*meaning.ABI{x8664}, nil, []string{
			"note rule-left-out syscalls[1].action: ALLOW is what defaultAction says, so the rule changes nothing"}},
		{"about other calls", rules(allow, "read ERRNO 0 EQ 1", "read ALLOW 0 EQ 2", "read ALLOW 0 NE 1", "write ERRNO", "clone ERRNO 0 MASKED_EQ 3/1", "clone ALLOW 0 MASKED_EQ 7/2"),
			[]*meaning.ABI{x8664}, nil, []string{
				"note rule-left-out syscalls[1].action: ALLOW is what defaultAction says, so the rule changes nothing",
				"note rule-left-out syscalls[2].action: ALLOW is what defaultAction says, so the rule changes nothing",
				"note rule-left-out syscalls[5].action: ALLOW is what defaultAction says, so the rule changes nothing"}},

		{"shadowed by another action", rules(allow, "read,write ERRNO 0 EQ 1", "read,write,clone LOG"), []*meaning.ABI{x8664, i386}, nil, []string{
			"warning rule-shadowed syscalls[0]: cannot count for read, write: syscalls[1] decides without conditions"}},
		{"shadowed by the same action", rules(allow, "read LOG", "read,write LOG", "read LOG 0 EQ 1"), []*meaning.ABI{x8664}, nil, []string{
			"note rule-shadowed syscalls[1-2]: cannot count for read: syscalls[0] decides without conditions"}},
		{"warnings first", rules(allow, "read LOG", "read LOG", "write ERRNO", "write LOG"), []*meaning.ABI{x8664}, nil, []string{
			"warning rule-shadowed syscalls[3]: cannot count for write: syscalls[2] decides without conditions",
			"note rule-shadowed syscalls[1]: cannot count for read: syscalls[0] decides without conditions"}},
		{"a multiplexer as a whole", rules(deny, ending, "socketcall ALLOW", "socket,bind ALLOW 0 EQ 2"), []*meaning.ABI{i386}, nil, []string{
			"note rule-shadowed syscalls[2]: cannot count for socketcall: syscalls[1] decides without conditions"}},
		{"one entry with a multiplexer", rules(deny, ending, "socketcall,socket,bind ALLOW"), []*meaning.ABI{i386}, nil, nil},
		{"compiler", allow, []*meaning.ABI{x8664}, &CompilerReport{"9.9.9", []string{"a", "b"}, []string{"SCMP_ARCH_X32 c"}}, []string{
			"note name-unknown syscalls: libseccomp 9.9.9 does not know these, nor does the table of newer syscalls, so their rules are left out: a, b",
			"note own-emission syscalls: libseccomp 9.9.9 does not compile these as written, so they are compiled without it: SCMP_ARCH_X32 c"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, m := parse(t, row.profile, row.abis...)
			var got []string
			for _, f := range findings(t, p, m, row.compiled) {
				if f.Topic == UpperBitsPass || f.Topic == UpperBitsRefused {
					continue // TestUpperBits has them
				}
				got = append(got, fmt.Sprintf("%s %s %s: %s", f.Level, f.Topic, f.Where, f.Text))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(row.want, "\n\t"))
			}
		})
	}
}
