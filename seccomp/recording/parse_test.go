package recording

import (
	"encoding/json"
	"strings"
	"testing"
)

const whole = `{"format":1,"namespace":"n","id":"c","command":["/bin/app"],"under":"unconfined","architecture":"SCMP_ARCH_X86_64","kernel":"6.1",
	"started":"2026-01-02T03:04:05Z","updated":"2026-01-02T03:04:05Z","total":3,"ioUring":false,"lost":{"tasks":0,"calls":0},
	"calls":[{"abi":"SCMP_ARCH_X86_64","syscall":"socket","number":41,"process":"init","count":3,"first":"2026-01-02T03:04:05Z",
	"arguments":[{"index":0,"bits":32}],"values":[{"args":["0x2"],"count":3}]}]}`

func TestParse(t *testing.T) {
	r, err := Parse([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Calls[0]; c.Values[0].Args[0] != 2 || c.Arguments[0].Bits != 32 || r.Total != 3 {
		t.Errorf("got %+v", r)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Parse(text); err != nil || again.Calls[0].Values[0].Args[0] != 2 {
		t.Errorf("again: %v", err)
	}
	if gaps := r.Gaps(); len(gaps) != 1 || !strings.Contains(gaps[0], "no end") {
		t.Errorf("gaps %q", gaps)
	}
}

// Every part of a file that is cut off is an error, and so is another format.
func TestParseRefuses(t *testing.T) {
	for i := range len(whole) - 1 {
		if _, err := Parse([]byte(whole[:i])); err == nil {
			t.Errorf("the first %d bytes are a recording", i)
		}
	}
	for _, row := range []struct{ old, new, want string }{
		{`"format":1`, `"format":2`, "format 2, this program knows 1"},
		{`"format":1,`, ``, `it has no "format"`},
		{`"format":1`, `"defaultAction":"SCMP_ACT_ERRNO"`, "this is a profile"},
		{whole, " ", "empty"},
		{whole, whole[:200], "cut off"},
		{whole, whole + "{", "more text"},
		{`"architecture":"SCMP_ARCH_X86_64"`, `"architecture":""`, "architecture"},
		{`"abi":"SCMP_ARCH_X86_64"`, `"abi":"x\n# "`, "calls[0].abi"},
		{`"syscall":"socket"`, `"syscall":"read\n    - write"`, "calls[0].syscall"},
		{`"args":["0x2"]`, `"args":["0x2","0x3"]`, "calls[0].values[0].args"},
		{`"args":["0x2"]`, `"args":["x"]`, "value of an argument"},
		{`"bits":32`, `"bits":33`, "calls[0].arguments[0]"},
		{`"total":3`, `"total":"3"`, "no recording"},
	} {
		_, err := Parse([]byte(strings.Replace(whole, row.old, row.new, 1)))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: error %v, want %q", row.new, err, row.want)
		}
	}
}
