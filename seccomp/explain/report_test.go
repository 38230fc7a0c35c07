package explain

import (
	"encoding/json"
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
		compiled      *Compiled
		want          []string
	}{
		{"nothing", rules(deny, ending), []*meaning.ABI{x8664, i386}, &Compiled{}, nil},
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
		{"compiler", allow, []*meaning.ABI{x8664}, &Compiled{"9.9.9", []string{"a", "b"}, []string{"SCMP_ARCH_X32 c"}}, []string{
			"note name-unknown syscalls: libseccomp 9.9.9 does not know these, nor does the table of newer syscalls, so their rules are left out: a, b",
			"note own-emission syscalls: libseccomp 9.9.9 does not compile these as written, so they are compiled without it: SCMP_ARCH_X32 c"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, m := parse(t, row.profile, row.abis...)
			var got []string
			for _, f := range Profile(p, m, row.compiled).Findings {
				got = append(got, fmt.Sprintf("%s %s %s: %s", f.Level, f.Kind, f.Where, f.Text))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(row.want, "\n\t"))
			}
		})
	}
}

func TestSummary(t *testing.T) {
	_, m := parse(t, rules(deny, "write,read ALLOW", "socket ALLOW 0 EQ 1", "clone KILL"), x8664, x32)
	got, err := json.Marshal(Summary(m))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"SCMP_ARCH_X86_64","arch":"x86_64","highest":"clone","highestNumber":56,"counts":[` +
		`{"answer":"ERRNO(38 function not implemented)","reason":"new","syscalls":3},` +
		`{"answer":"ALLOW","reason":"rule","syscalls":2},` +
		`{"answer":"KILL_THREAD","reason":"rule","syscalls":1},` +
		`{"answer":"by arguments","reason":"rule","syscalls":1}]},` +
		`{"name":"SCMP_ARCH_X32","arch":"x86_64","highest":"write","highestNumber":1073741825,"counts":[` +
		`{"answer":"ERRNO(38 function not implemented)","reason":"new","syscalls":1},` +
		`{"answer":"ALLOW","reason":"rule","syscalls":2}]}]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Where nothing is too new, there is no highest syscall.
func TestSummaryOfAnOpenProfile(t *testing.T) {
	_, m := parse(t, rules(allow, "read ERRNO"), x8664)
	if got := Summary(m)[0]; got.Highest != "" || got.HighestNumber != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestEntries(t *testing.T) {
	for want, indexes := range map[string][]int{
		"syscalls[3]": {3}, "syscalls[0-1]": {0, 1}, "syscalls[0,2,4-6,9]": {0, 2, 4, 5, 6, 9},
	} {
		if got := Entries(indexes); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
