package command

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The name of a file may come from somebody else, as in a loop over a folder. No control
// character in it reaches the terminal.
func TestNoControlCharacters(t *testing.T) {
	const name = "\x1b]0;owned\x07\n\u202egnp.json"
	dir := t.TempDir()
	valid := filepath.Join(dir, name)
	invalid := filepath.Join(dir, "invalid"+name)
	for path, text := range map[string]string{valid: `{"defaultAction":"SCMP_ACT_ALLOW"}`, invalid: `{"defaultAction":"SCMP_ACT_\u001b"}`} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(dir, "program"+name)
	if got := ctl("", "compile", "-o", "bpf", valid); got.code != 0 || os.WriteFile(program, []byte(got.stdout), 0o644) != nil {
		t.Fatalf("%+v", got)
	}
	absent := filepath.Join(dir, "absent"+name)
	for _, args := range [][]string{
		{"explain", valid}, {"explain", valid, "mkdir"}, {"explain", invalid}, {"explain", absent}, {"explain", "--spec", absent},
		{"compile", invalid}, {"compile", absent}, {"inspect", absent}, {"inspect", invalid}, {"inspect", "--profile", absent, valid},
		{"inspect", program}, {"inspect", "--profile", valid, program}, {name}, {"explain", valid, name},
	} {
		got := ctl("", args...)
		for line := range strings.Lines(got.stdout + got.stderr) {
			if strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r != '\t' && !strconv.IsPrint(r) }) >= 0 {
				t.Errorf("%q: %q", args, line)
			}
		}
	}
}
