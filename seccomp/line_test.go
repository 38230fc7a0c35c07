package seccomp

import "testing"

func TestLine(t *testing.T) {
	const text = `{
  "defaultAction": "SCMP_ACT_ERRNO",
  "syscalls": [
    {
      "names": [
        "read",
        "write"
      ],
      "action":
        "SCMP_ACT_ALLOW"
    },
    {"names": ["open"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0}
    ]}
  ]
}`
	for field, want := range map[string]int{
		"": 1, "defaultAction": 2, "syscalls": 3, "syscalls[0]": 4, "syscalls[0].names": 5, "syscalls[0].names[0]": 6, "syscalls[0].names[1]": 7,
		"syscalls[0].action": 9, "syscalls[1]": 12, "syscalls[1].args[0].index": 13, "syscalls[1].args[0].value": 13,
		"syscalls[1,7-9]": 12, "syscalls[0-1]": 4, "syscalls[9].names[3]": 3, "flags[0]": 1, "nonsense]]": 1,
	} {
		if got := Line([]byte(text), field); got != want {
			t.Errorf("%s: line %d, want %d", field, got, want)
		}
	}
	for _, broken := range []string{"", "{", `{"defaultAction": [`, "{\n\"a\": {]", "\x00", `{"a":1}}`} {
		if got := Line([]byte(broken), "a.b[0].c"); got < 1 || got > 2 {
			t.Errorf("%q: line %d", broken, got)
		}
	}
}
