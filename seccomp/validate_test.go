package seccomp

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp/seccomptest"
)

// The words of config-linux.md, "Seccomp", in runtime-spec v1.3.0.
var (
	ociActions = strings.Fields(`SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP
		SCMP_ACT_ERRNO SCMP_ACT_TRACE SCMP_ACT_ALLOW SCMP_ACT_LOG SCMP_ACT_NOTIFY`)
	ociOperators = strings.Fields(`SCMP_CMP_NE SCMP_CMP_LT SCMP_CMP_LE SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_MASKED_EQ`)
	ociArchs     = strings.Fields(`SCMP_ARCH_X86 SCMP_ARCH_X86_64 SCMP_ARCH_X32 SCMP_ARCH_ARM SCMP_ARCH_AARCH64
		SCMP_ARCH_MIPS SCMP_ARCH_MIPS64 SCMP_ARCH_MIPS64N32 SCMP_ARCH_MIPSEL SCMP_ARCH_MIPSEL64
		SCMP_ARCH_MIPSEL64N32 SCMP_ARCH_PPC SCMP_ARCH_PPC64 SCMP_ARCH_PPC64LE SCMP_ARCH_S390 SCMP_ARCH_S390X
		SCMP_ARCH_PARISC SCMP_ARCH_PARISC64 SCMP_ARCH_RISCV64 SCMP_ARCH_LOONGARCH64
		SCMP_ARCH_M68K SCMP_ARCH_SH SCMP_ARCH_SHEB`)
)

func TestRefused(t *testing.T) {
	name := func(n string) string { return withRule(`"action":"SCMP_ACT_ALLOW","names":["read","` + n + `"]`) }
	arg := func(a string) string {
		return withRule(`"action":"SCMP_ACT_ALLOW","names":["read"],"args":[{"index":0,"value":0,"op":"SCMP_CMP_EQ"},{` + a + `}]`)
	}
	type row struct{ fact, given, field, value string }
	rows := []row{
		{"an empty document", `{}`, "defaultAction", `""`},
		{"no default action", `{"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`, "defaultAction", `""`},
		{"an empty default action", `{"defaultAction":""}`, "defaultAction", `""`},
		{"an unknown default action", `{"defaultAction":"SCMP_ACT_DENY"}`, "defaultAction", `"SCMP_ACT_DENY"`},
		{"a default action in small letters", `{"defaultAction":"scmp_act_allow"}`, "defaultAction", `"scmp_act_allow"`},
		{"an action without a name", withRule(`"names":["read"]`), "syscalls[0].action", `""`},
		{"an unknown action", withRule(`"names":["read"],"action":"ALLOW"`), "syscalls[0].action", `"ALLOW"`},

		{"a default errno of 4096", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, "defaultErrnoRet", `4096`},
		{"a default errno of 65536", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":65536}`, "defaultErrnoRet", `65536`},
		{"an errno of 4096", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":4096`), "syscalls[0].errnoRet", `4096`},
		{"an errno of 65536", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":65536`), "syscalls[0].errnoRet", `65536`},
		{"a trace message of 65536", withRule(`"names":["read"],"action":"SCMP_ACT_TRACE","errnoRet":65536`), "syscalls[0].errnoRet", `65536`},
		{"a default errno with ALLOW", `{"defaultAction":"SCMP_ACT_ALLOW","defaultErrnoRet":1}`, "defaultErrnoRet", `1`},
		{"errno 0 with ALLOW", withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","errnoRet":0`), "syscalls[0].errnoRet", `0`},
		{"an errno with KILL", withRule(`"names":["read"],"action":"SCMP_ACT_KILL","errnoRet":1`), "syscalls[0].errnoRet", `1`},
		{"an errno with KILL_PROCESS", withRule(`"names":["read"],"action":"SCMP_ACT_KILL_PROCESS","errnoRet":1`), "syscalls[0].errnoRet", `1`},
		{"an errno with KILL_THREAD", withRule(`"names":["read"],"action":"SCMP_ACT_KILL_THREAD","errnoRet":1`), "syscalls[0].errnoRet", `1`},
		{"an errno with TRAP", withRule(`"names":["read"],"action":"SCMP_ACT_TRAP","errnoRet":1`), "syscalls[0].errnoRet", `1`},
		{"an errno with LOG", withRule(`"names":["read"],"action":"SCMP_ACT_LOG","errnoRet":1`), "syscalls[0].errnoRet", `1`},
		{"an errno with NOTIFY", with(`"listenerPath":"/s","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY","errnoRet":1}]`), "syscalls[0].errnoRet", `1`},

		{"an unknown architecture", with(`"architectures":["SCMP_ARCH_X86","x86_64"]`), "architectures[1]", `"x86_64"`},
		{"an empty architecture", with(`"architectures":[""]`), "architectures[0]", `""`},
		{"an unknown flag", with(`"flags":["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_NEW_LISTENER"]`), "flags[1]", `"SECCOMP_FILTER_FLAG_NEW_LISTENER"`},
		{"WAIT_KILLABLE_RECV without NOTIFY", with(`"flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]`), "flags[0]", `"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"`},
		{"WAIT_KILLABLE_RECV with a listener that nothing notifies", with(`"flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],"listenerPath":"/s"`), "flags[0]", `"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"`},
		{"NOTIFY by default without listenerPath", `{"defaultAction":"SCMP_ACT_NOTIFY"}`, "listenerPath", `""`},
		{"NOTIFY in a rule without listenerPath", withRule(`"names":["read"],"action":"SCMP_ACT_NOTIFY"`), "listenerPath", `""`},
		{"listenerMetadata without listenerPath", with(`"listenerMetadata":"pod-1"`), "listenerMetadata", `"pod-1"`},

		{"an unknown operator", arg(`"index":0,"value":0,"op":"=="`), "syscalls[0].args[1].op", `"=="`},
		{"no operator", arg(`"index":0,"value":0`), "syscalls[0].args[1].op", `""`},
		{"argument 6", arg(`"index":6,"value":0,"op":"SCMP_CMP_EQ"`), "syscalls[0].args[1].index", `6`},
		{"argument 2^32", arg(`"index":4294967296,"value":0,"op":"SCMP_CMP_EQ"`), "syscalls[0].args[1].index", `4294967296`},

		{"an empty list of names", withRule(`"names":[],"action":"SCMP_ACT_ALLOW"`), "syscalls[0].names", `[]`},
		{"no list of names", withRule(`"action":"SCMP_ACT_ALLOW"`), "syscalls[0].names", `[]`},
		{"an empty name", withRule(`"names":["","read"],"action":"SCMP_ACT_ALLOW"`), "syscalls[0].names[0]", `""`},
		{"a name with a space", name(`re ad`), "syscalls[0].names[1]", `"re ad"`},
		{"a name with a NUL", name(`read\u0000`), "syscalls[0].names[1]", `"read\x00"`},
		{"a name with a letter that is not ASCII", name(`réad`), "syscalls[0].names[1]", `"réad"`},
		{"a name of 65 letters", name(strings.Repeat("a", 65)), "syscalls[0].names[1]", `"` + strings.Repeat("a", 64) + `"… (65 bytes)`},
		{"a name of 64 KiB", name(strings.Repeat("a", 64<<10)), "syscalls[0].names[1]", `"` + strings.Repeat("a", 64) + `"… (65536 bytes)`},
		{"the second rule", with(`"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["write"],"action":""}]`), "syscalls[1].action", `""`},
	}
	// The neighbours of letters, digits and the underscore in ASCII.
	for _, c := range "-/:@[^`{" {
		rows = append(rows, row{"a name with " + string(c), name("read" + string(c)), "syscalls[0].names[1]", `"read` + string(c) + `"`})
	}
	for _, row := range rows {
		t.Run(row.fact, func(t *testing.T) {
			_, err := New(seccomptest.Decoded(t, row.given))
			mustBlame(t, err, row.field, row.value)
			_, err = Parse([]byte(row.given))
			mustBlame(t, err, row.field, row.value)
		})
	}
}

func TestAccepted(t *testing.T) {
	type row struct{ fact, given string }
	rows := []row{
		{"errno 0", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":0`)},
		{"errno 4095", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":4095`)},
		{"default errno 0", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":0}`},
		{"default errno 4095", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4095}`},
		{"trace message 65535", withRule(`"names":["read"],"action":"SCMP_ACT_TRACE","errnoRet":65535`)},
		{"default trace message 65535", `{"defaultAction":"SCMP_ACT_TRACE","defaultErrnoRet":65535}`},
		{"argument 5 with the greatest values", withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","args":[
			{"index":5,"value":18446744073709551615,"valueTwo":18446744073709551615,"op":"SCMP_CMP_MASKED_EQ"}]`)},
		{"a name of 64 letters", withRule(`"names":["` + strings.Repeat("a", 64) + `"],"action":"SCMP_ACT_ALLOW"`)},
		{"every kind of letter in a name", withRule(`"names":["_azAZ09"],"action":"SCMP_ACT_ALLOW"`)},
		{"listenerPath without NOTIFY", with(`"listenerPath":"/s","listenerMetadata":"pod-1"`)},
		{"absent flags", with(`"syscalls":[]`)},
		{"empty flags", with(`"flags":[]`)},
		{"TSYNC", with(`"flags":["SECCOMP_FILTER_FLAG_TSYNC"]`)},
		{"LOG", with(`"flags":["SECCOMP_FILTER_FLAG_LOG"]`)},
		{"SPEC_ALLOW", with(`"flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]`)},
		{"WAIT_KILLABLE_RECV with NOTIFY", with(`"flags":["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],"listenerPath":"/s",
			"syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"}]`)},
	}
	for _, w := range ociActions {
		rows = append(rows,
			row{w + " by default", `{"listenerPath":"/s","defaultAction":"` + w + `"}`},
			row{w + " in a rule", with(`"listenerPath":"/s","syscalls":[{"names":["read"],"action":"` + w + `"}]`)})
	}
	for _, w := range ociOperators {
		rows = append(rows, row{w, withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":0,"op":"` + w + `"}]`)})
	}
	for _, w := range ociArchs {
		rows = append(rows, row{w, with(`"architectures":["` + w + `"]`)})
	}
	for _, row := range rows {
		t.Run(row.fact, func(t *testing.T) {
			want := seccomptest.Decoded(t, row.given)
			p, err := New(want)
			if err != nil {
				t.Fatal(err)
			}
			// DeepEqual distinguishes a nil slice from an empty one.
			if got := p.Spec(); !reflect.DeepEqual(got, want) {
				t.Errorf("New: %+v, want %+v", got, want)
			}
			p, err = Parse([]byte(row.given))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Spec(); (got.Flags == nil) != (want.Flags == nil) || seccomptest.Encoded(t, got) != seccomptest.Encoded(t, want) {
				t.Errorf("Parse: %+v, want %+v", got, want)
			}
		})
	}
}

func TestInlineSize(t *testing.T) {
	empty := len(seccomptest.Encoded(t, &specs.LinuxSeccomp{DefaultAction: specs.ActLog, ListenerPath: "x"}))
	sized := func(size int) *specs.LinuxSeccomp {
		return &specs.LinuxSeccomp{DefaultAction: specs.ActLog, ListenerPath: strings.Repeat("x", size-empty+1)}
	}
	if _, err := New(sized(1 << 20)); err != nil {
		t.Errorf("1 MiB: %v", err)
	}
	_, err := New(sized(1<<20 + 1))
	mustBlame(t, err, "", "")
	mistaketest.MustSay(t, fmt.Sprint(err), []string{"profile: 1048577 bytes", "1048576"})
}
