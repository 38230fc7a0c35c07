package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The table is what this program derives.
func TestTableIsDerived(t *testing.T) {
	linux := os.Getenv("SECCOMP_SHIM_LINUX")
	if linux == "" {
		t.Skip("SECCOMP_SHIM_LINUX does not name a folder with a kernel's sources: see package arguments")
	}
	want, err := derive(linux)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../arguments.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("arguments.txt has another table: derive it again")
	}
}

func TestParse(t *testing.T) {
	for list, want := range map[string]string{
		"":                             "[]",
		", int, fd, unsigned int, cmd": "[fd:32 cmd:32]",
		", const char __user *, name, umode_t, mode":                             "[name mode:16]",
		",\n\t\tconst enum landlock_rule_type, rule_type,\n\tconst size_t, size": "[rule_type:32 size]",
	} {
		if got, err := parse(list); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: got %v, %v; want %s", list, got, err, want)
		}
	}
	for list, want := range map[string]string{", int": "not a list of types and names", ", new_t, x": `"new_t" is not known`} {
		if got, err := parse(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v", list, got, err)
		}
	}
}

// A folder that is no kernel's source gives an error, and no short table.
func TestNoKernel(t *testing.T) {
	empty := t.TempDir()
	if table, err := derive(empty); err == nil {
		t.Errorf("no file: %q", table)
	}
	for _, name := range tables {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(empty, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(empty, name), []byte("0\tcommon\tread\tsys_read\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if table, err := derive(empty); err == nil || !strings.Contains(err.Error(), "only 0 syscalls") {
		t.Errorf("got %q, %v", table, err)
	}
}
