package seccomp

import (
	"errors"
	"strings"
	"testing"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp/seccomptest"
)

func TestParseRefused(t *testing.T) {
	const valid = `{"defaultAction":"SCMP_ACT_LOG"}` // 32 bytes
	rule := func(fields string) string { return withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW",` + fields) }
	for _, row := range []struct {
		fact, given string
		says        []string
	}{
		{"a profile of 1 MiB and a byte", seccomptest.Padded(valid, 1<<20+1), []string{"1048577", "1048576"}},
		{"null", `null`, []string{"defaultAction", `""`}},
		{"a list", `[]`, []string{"array"}},
		{"a field of Docker's format", with(`"archMap":[]`), []string{`"archMap"`}},
		{"a misspelt field", with(`"syscals":[]`), []string{`"syscals"`}},
		{"a misspelt field in a rule", rule(`"arg":[]`), []string{`"arg"`}},
		{"a misspelt field in an argument", rule(`"args":[{"idx":0,"op":"SCMP_CMP_EQ"}]`), []string{`"idx"`}},
		{"Docker's old form of a rule", withRule(`"name":"read","action":"SCMP_ACT_ALLOW"`), []string{`"name"`}},
		{"includes", rule(`"includes":{"minKernel":"4.8"}`), []string{"syscalls[0].includes"}},
		{"excludes", rule(`"excludes":{"caps":["CAP_SYS_ADMIN"]}`), []string{"syscalls[0].excludes"}},
		{"the conditions are shown", rule(`"includes":{"caps":["CAP_SYS_ADMIN"]}`), []string{"CAP_SYS_ADMIN"}},
		{"includes and excludes, always the same error", rule(`"includes":{"caps":["A"]},"excludes":{"caps":["B"]}`), []string{"syscalls[0]"}},

		{"nothing", ``, []string{"byte 0"}},
		{"the end is missing", `{"defaultAction":"SCMP_ACT_LOG"`, []string{"byte 31"}},
		{"a comma too many", `{"defaultAction":"SCMP_ACT_LOG",}`, []string{"byte 33", "'}'"}},
		{"a number for an action", `{"defaultAction":5}`, []string{"defaultAction", "byte 18"}},
		{"a negative errno", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":-1}`, []string{"defaultErrnoRet", "-1"}},
		{"a string for an errno", rule(`"errnoRet":"EPERM"`), []string{"errnoRet"}},
		{"a number of 64 KiB", with(`"defaultErrnoRet":` + strings.Repeat("1", 64<<10)), []string{"defaultErrnoRet", "1111"}},
		{"an unknown field of 64 KiB", with(`"` + strings.Repeat("x", 64<<10) + `":1`), []string{"xxxx"}},

		{"a brace after the profile", valid + `}`, []string{"byte 32"}},
		{"a second profile", valid + valid, []string{"byte 32"}},
		{"a word after the profile", valid + ` SCMP`, []string{"byte 32"}},
		{"a string after the profile", valid + ` "SCMP"`, []string{"byte 32"}},

		// encoding/json takes the last one, and merges lists of rules.
		{"two default actions", `{"defaultAction":"SCMP_ACT_ERRNO","defaultAction":"SCMP_ACT_ALLOW"}`, []string{"defaultAction"}},
		{"two default actions, one in other letters", `{"defaultAction":"SCMP_ACT_ERRNO","DefaultAction":"SCMP_ACT_ALLOW"}`, []string{"DefaultAction"}},
		{"a field in other letters", `{"DefaultAction":"SCMP_ACT_LOG"}`, []string{"DefaultAction"}},
		{"two lists of rules", `{"defaultAction":"SCMP_ACT_ALLOW",
			"syscalls":[{"names":["ptrace"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":16,"op":"SCMP_CMP_EQ"}]}],
			"syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO"}]}`, []string{"syscalls"}},
		{"two actions in a rule", rule(`"action":"SCMP_ACT_LOG"`), []string{"action"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, err := Parse([]byte(row.given))
			if err == nil {
				t.Fatalf("accepted as %s", seccomptest.Encoded(t, p.Spec()))
			}
			if refused := (*InvalidError)(nil); !errors.As(err, &refused) {
				t.Errorf("a %T, want an *InvalidError", err)
			}
			mistaketest.MustSay(t, err.Error(), row.says)
			// Many times, because a map of two is rarely printed in its second order.
			for range 200 {
				if _, again := Parse([]byte(row.given)); again.Error() != err.Error() {
					t.Fatalf("two errors for one profile:\n%v\n%v", err, again)
				}
			}
		})
	}
}

func TestParseAccepted(t *testing.T) {
	const log = `{"defaultAction":"SCMP_ACT_LOG"}`
	const read = `"names":["read"],"action":"SCMP_ACT_ALLOW"`
	for _, row := range []struct{ fact, given, want string }{
		{"white space around it", "\n\t" + log + "\r\n ", log},
		{"1 MiB", seccomptest.Padded(log, 1<<20), log},
		{"a comment", `{"comment":"a note","defaultAction":"SCMP_ACT_LOG"}`, log},
		{"a comment in a rule", withRule(read + `,"comment":"a note"`), withRule(read)},
		{"empty conditions", withRule(read + `,"includes":{},"excludes":{}`), withRule(read)},
		{"null conditions", withRule(read + `,"includes":null,"excludes":null`), withRule(read)},
		{"every field", everyField, everyField},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, err := Parse([]byte(row.given))
			if err != nil {
				t.Fatal(err)
			}
			if got := seccomptest.Encoded(t, p.Spec()); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
