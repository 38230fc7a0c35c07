package seccomp

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp/seccomptest"
)

// Each file has a mistake that editors, shells and guides make. The message says what to
// do, and names the field if there is one.
func TestWrittenFiles(t *testing.T) {
	const advice = "invalid seccomp profile: "
	rows := map[string][]string{
		"all-null.json": nil, "crlf.json": nil, // accepted

		"byte-order-mark.json": []string{advice + "the text begins with a byte order mark", "save it as UTF-8 without one"},
		"utf-16.json":          []string{advice + "the text is UTF-16", "save it as UTF-8"},
		"yaml.json":            []string{advice + "the text is YAML", "convert it to JSON"},
		"line-comment.json":    []string{"byte 1, line 1", "JSON has no comments, delete it"},
		"trailing-comma.json":  []string{"'}'", "byte 118: delete the comma before it"},
		"hexadecimal.json":     []string{"byte 141, line 4: JSON has only decimal numbers, write 21522 for 0x5412"},

		"path.json":          []string{`"/etc/seccomp/profile.json" is a path`, "the profile itself belongs here"},
		"in-a-string.json":   []string{"inside of a JSON string", "write it without the quotes"},
		"rules-alone.json":   []string{"a JSON array is no profile", `{"defaultAction": ACTION, "syscalls": [...]}`},
		"whole-spec.json":    []string{`unknown field "ociVersion"`, "only the object at linux.seccomp is the profile"},
		"spec-fragment.json": []string{`unknown field "seccomp"`, "only the object at linux.seccomp is the profile"},

		"docker-name.json":        []string{`syscalls[0]: unknown field "name": Docker's format: write "names": [NAME]`},
		"docker-archmap.json":     []string{`unknown field "archMap": Docker's format`, `in "architectures" instead`},
		"description.json":        []string{`unknown field "description"`, `for notes there is "comment"`},
		"underscore-comment.json": []string{`syscalls[0]: unknown field "_comment"`, `for notes there is "comment"`},

		"arm64.json":              []string{`architectures[1]: "SCMP_ARCH_ARM64": did you mean "SCMP_ARCH_AARCH64"?`},
		"errno-in-action.json":    []string{`syscalls[0].action: "SCMP_ACT_ERRNO(13)"`, `write "SCMP_ACT_ERRNO" and "errnoRet": 13`},
		"names-string.json":       []string{`syscalls[0].names: "mkdir": must be a list`, "put it in brackets"},
		"hexadecimal-string.json": []string{`syscalls[0].args[0].value: "0x5412": must be a number`, "write 21522, without quotes"},
		"value-negative.json":     []string{"syscalls[0].args[0].value: -1: must be a whole number from 0 to 18446744073709551615", "the 64 bits of -1 are 18446744073709551615"},
		"value-2-to-64.json":      []string{"syscalls[0].args[0].value: 18446744073709551616: must be a whole number from 0 to 18446744073709551615"},
		"no-index.json":           []string{"syscalls[0].args[0].index: must be set"},
		"no-value.json":           []string{"syscalls[0].args[0].value: must be set"},
	}
	const folder = "testdata/written"
	files, err := os.ReadDir(folder)
	seccomptest.Must(t, err)
	if len(files) != len(rows) {
		t.Errorf("%d files, %d rows", len(files), len(rows))
	}
	for name, parts := range rows {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(folder, name))
			seccomptest.Must(t, err)
			p, err := Parse(data)
			if parts == nil {
				if err != nil {
					t.Fatal(err)
				}
				if rules := p.Spec().Syscalls; len(rules) != 1 || len(rules[0].Names) != 2 {
					t.Errorf("got %+v", rules)
				}
				return
			}
			if refused := (*InvalidError)(nil); !errors.As(err, &refused) {
				t.Fatalf("a %T, want an *InvalidError", err)
			}
			mistaketest.MustSay(t, err.Error(), parts)
		})
	}
}

// Mistakes like those of TestWrittenFiles, in other places.
func TestWritten(t *testing.T) {
	rule := func(fields string) string { return withRule(`"names":["read"],"action":"SCMP_ACT_ALLOW",` + fields) }
	condition := func(fields string) string {
		return rule(`"args":[{"index":1,"value":2,"op":"SCMP_CMP_EQ"},{` + fields + `}]`)
	}
	for _, row := range []struct {
		fact, given string
		says        []string
	}{
		// Fields that a condition must have, and values that count as absent.
		{"neither index nor value", condition(`"op":"SCMP_CMP_EQ"`), []string{"syscalls[0].args[1].index: must be set"}},
		{"an index that is null", condition(`"index":null,"value":1,"op":"SCMP_CMP_EQ"`), []string{"syscalls[0].args[1].index: must be set"}},
		{"a value that is null", condition(`"index":0,"value":null,"op":"SCMP_CMP_EQ"`), []string{"syscalls[0].args[1].value: must be set"}},
		{"a mask alone", condition(`"index":0,"valueTwo":1,"op":"SCMP_CMP_MASKED_EQ"`), []string{"syscalls[0].args[1].value: must be set"}},
		{"a condition that is null", rule(`"args":[null]`), []string{"syscalls[0].args[0].op"}},
		{"an operator that is null", condition(`"index":0,"value":1,"op":null`), []string{`syscalls[0].args[1].op: ""`}},
		{"a rule that is null", with(`"syscalls":[null]`), []string{"syscalls[0].names"}},
		{"a name that is null", withRule(`"names":[null],"action":"SCMP_ACT_ALLOW"`), []string{"syscalls[0].names[0]"}},
		{"names that are null", withRule(`"names":null,"action":"SCMP_ACT_ALLOW"`), []string{"syscalls[0].names"}},
		{"an action that is null", withRule(`"names":["read"],"action":null`), []string{`syscalls[0].action: ""`}},
		{"a default action that is null", `{"defaultAction":null}`, []string{`defaultAction: ""`}},

		// Values of another type.
		{"an index in quotes", condition(`"index":"1","value":1,"op":"SCMP_CMP_EQ"`), []string{`syscalls[0].args[1].index: "1": must be a number`, "write 1, without quotes"}},
		{"an octal valueTwo in quotes", condition(`"index":1,"value":1,"valueTwo":"0777","op":"SCMP_CMP_EQ"`), []string{`args[1].valueTwo: "0777"`, "write 511, without quotes"}},
		{"a constant's name", condition(`"index":1,"value":"CLONE_NEWUSER","op":"SCMP_CMP_EQ"`), []string{`syscalls[0].args[1].value: "CLONE_NEWUSER": must be a number, not a string, before byte`}},
		{"an error's name", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":"EPERM"`), []string{`syscalls[0].errnoRet: "EPERM"`, "such as 1 for EPERM"}},
		{"a default error's name", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":"EPERM"}`, []string{`defaultErrnoRet: "EPERM"`, "such as 1 for EPERM"}},
		{"a fraction", condition(`"index":1,"value":1.5,"op":"SCMP_CMP_EQ"`), []string{"args[1].value: 1.5: must be a whole number"}},
		{"an exponent", condition(`"index":1,"value":1e3,"op":"SCMP_CMP_EQ"`), []string{"args[1].value: 1e3: must be a whole number"}},
		{"a negative index", condition(`"index":-1,"value":1,"op":"SCMP_CMP_EQ"`), []string{"args[1].index: -1: must be a whole number"}},
		{"a boolean", condition(`"index":true,"value":1,"op":"SCMP_CMP_EQ"`), []string{"args[1].index: true: must be a number, not a boolean"}},
		{"an object for a number", condition(`"index":{},"value":1,"op":"SCMP_CMP_EQ"`), []string{"args[1].index: {...}: must be a number"}},
		{"a list for an action", withRule(`"names":["read"],"action":["SCMP_ACT_LOG"]`), []string{"syscalls[0].action: [...]: must be a string"}},
		{"one condition, not in a list", rule(`"args":{"index":1}`), []string{"syscalls[0].args: {...}: must be a list, not an object", "put it in brackets"}},
		{"one rule, not in a list", with(`"syscalls":{"names":["read"]}`), []string{"syscalls: {...}: must be a list, not an object", "put it in brackets"}},
		{"one architecture, not in a list", with(`"architectures":"SCMP_ARCH_X86"`), []string{`architectures: "SCMP_ARCH_X86": must be a list`}},
		{"a number for a flag", with(`"flags":[1]`), []string{"flags[0]: 1: must be a string"}},
		{"conditions of Docker's that are none", rule(`"includes":[]`), []string{"syscalls[0].includes: []"}},
		{"the line of a wrong value", "{\n\"defaultAction\":\n5}", []string{"defaultAction: 5: must be a string, not a number, before byte 20, line 3"}},

		// Words of other projects.
		{"Go's name for x86_64", with(`"architectures":["amd64"]`), []string{`architectures[0]: "amd64": did you mean "SCMP_ARCH_X86_64"?`}},
		{"uname's name for arm64", with(`"architectures":["aarch64"]`), []string{`did you mean "SCMP_ARCH_AARCH64"?`}},
		{"the kernel's name for i386", with(`"architectures":["AUDIT_ARCH_I386"]`), []string{`did you mean "SCMP_ARCH_X86"?`}},
		{"Debian's name for ppc64le", with(`"architectures":["SCMP_ARCH_PPC64EL"]`), []string{`did you mean "SCMP_ARCH_PPC64LE"?`}},
		{"C's operator", condition(`"index":1,"value":1,"op":"=="`), []string{`args[1].op: "==": did you mean "SCMP_CMP_EQ"?`}},
		{"an operator without its prefix", condition(`"index":1,"value":1,"op":"masked_eq"`), []string{`did you mean "SCMP_CMP_MASKED_EQ"?`}},
		{"a misspelt action", `{"defaultAction":"SCMP_ACT_ALOW"}`, []string{`defaultAction: "SCMP_ACT_ALOW": did you mean "SCMP_ACT_ALLOW"?`}},
		{"an action in small letters", `{"defaultAction":"scmp_act_errno"}`, []string{`did you mean "SCMP_ACT_ERRNO"?`}},
		{"the kernel's name for an action", `{"defaultAction":"SECCOMP_RET_USER_NOTIF"}`, []string{`did you mean "SCMP_ACT_NOTIFY"?`}},
		{"a default action with its number", `{"defaultAction":"SCMP_ACT_ERRNO(38)"}`, []string{`into the field defaultErrnoRet`, `"defaultErrnoRet": 38`}},
		{"an action with a name for its number", `{"defaultAction":"SCMP_ACT_ERRNO(EPERM)"}`, []string{`"defaultErrnoRet": NUMBER`}},
		{"a flag without its prefix", with(`"flags":["LOG"]`), []string{`flags[0]: "LOG": did you mean "SECCOMP_FILTER_FLAG_LOG"?`}},
		{"a misspelt field", with(`"syscals":[]`), []string{`unknown field "syscals"; did you mean "syscalls"?`}},
		{"a field in snake case", `{"default_action":"SCMP_ACT_LOG"}`, []string{`did you mean "defaultAction"?`}},
		{"a field of nobody", condition(`"idx":1,"value":1,"op":"SCMP_CMP_EQ"`), []string{`syscalls[0].args[1]: unknown field "idx": the fields here are index, value, valueTwo, op`}},
		{"Podman's errno", withRule(`"names":["read"],"action":"SCMP_ACT_ERRNO","errno":"EPERM"`), []string{"Podman's format", "as errnoRet"}},
		{"Podman's default errno", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrno":"ENOSYS"}`, []string{"Podman's format", "as defaultErrnoRet"}},

		// Something else in place of a profile.
		{"linux of a spec", `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_LOG"}}}`, []string{"only the object at linux.seccomp"}},
		{"an object of Kubernetes", `{"apiVersion":"v1","kind":"Pod"}`, []string{"a Kubernetes object", `"spec"`}},
		{"a pod's seccompProfile", `{"type":"RuntimeDefault"}`, []string{"a part of a pod"}},
		{"a name", "RuntimeDefault\n", []string{`"RuntimeDefault" is the name of a profile`, "annotation"}},
		{"a relative path", "profiles/audit.json", []string{`"profiles/audit.json" is a path`}},
		{"a path in a JSON string", `"/etc/audit.json"`, []string{`"/etc/audit.json" is a path`}},
		{"another JSON string", `"SCMP_ACT_LOG"`, []string{"a JSON string is no profile"}},
		{"a number", `5`, []string{"a JSON number is no profile"}},
		{"a boolean", `true`, []string{"a JSON boolean is no profile"}},
		{"no braces", `"defaultAction": "SCMP_ACT_LOG"`, []string{"byte 15", "the braces around the whole are missing"}},
		{"a name that is not UTF-8", withRule("\"names\":[\"r\xe9ad\"],\"action\":\"SCMP_ACT_LOG\""), []string{"byte 59 (E9) is not UTF-8"}},
		{"a comment that is not UTF-8", with("\"comment\":\"\xe9\""), []string{"(E9) is not UTF-8", "save the text as UTF-8"}},
		{"two fields in an entry, by its place", rule(`"action":"SCMP_ACT_LOG"`), []string{"syscalls[0]: field", `"action" appears twice`}},
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
		})
	}
}

// valueTwo is optional (OCI), and containerd omits it if it is 0.
func TestAbsentValueTwoIsZero(t *testing.T) {
	for _, fields := range []string{`"valueTwo":0,`, `"valueTwo":null,`, ``} {
		p, err := Parse([]byte(withRule(`"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":255,` + fields + `"op":"SCMP_CMP_MASKED_EQ"}]`)))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Spec().Syscalls[0].Args[0]; got.Value != 255 || got.ValueTwo != 0 {
			t.Errorf("%s: got %+v", fields, got)
		}
	}
}
