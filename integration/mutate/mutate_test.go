package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// Each mutation changes one place of the sources, and its tests exist. make mutate finds a
// mistake in the list after minutes; this test finds it at once.
func TestMutationsApply(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range all() {
		if seen[m.name] {
			t.Errorf("%s is there twice", m.name)
		}
		seen[m.name] = true
		_, after, err := m.edited(root)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if m.old == m.new || m.breaks == "" || len(m.tests) == 0 {
			t.Errorf("%s changes nothing, breaks nothing, or names no test", m.name)
		}
		if strings.HasSuffix(m.file, ".go") {
			if _, err := parser.ParseFile(token.NewFileSet(), m.file, after, 0); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
		for _, test := range m.tests {
			if !declared(t, test) {
				t.Errorf("%s: there is no %s", m.name, test)
			}
		}
	}
	const fewest = 40
	if len(seen) < fewest {
		t.Errorf("%d mutations, fewer than %d", len(seen), fewest)
	}
}

// declared reports whether a package has the test.
func declared(t *testing.T, want test) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, want.folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+want.name+"(t *testing.T) {\n") {
			return true
		}
	}
	return false
}

// docs/mutations.md has the output of -table: see the package comment.
func TestPageHasTheList(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n"+table()) {
		t.Errorf("%s does not have the table that -table prints", page)
	}
}

// A mutation is caught only if the named test fails.
func TestJudge(t *testing.T) {
	named := test{"folder", "TestNamed"}
	for _, row := range []struct {
		output         string
		passed, caught bool
	}{
		{"ok  \tfolder\t0.1s\n", true, false},
		{"ok  \tfolder\t0.1s [no tests to run]\n", true, false},
		{"--- FAIL: TestNamed (0.01s)\nFAIL\n", false, true},
		{"--- FAIL: TestOther (0.01s)\nFAIL\n", false, false},
		{"panic: test timed out after 5m0s\n", false, true},
		{"FAIL\tfolder [build failed]\n", false, false},
		{"FAIL\tfolder [setup failed]\n", false, false},
		{"mount: permission denied\n", false, false},
	} {
		if err := judge(named, row.output, row.passed); (err == nil) != row.caught {
			t.Errorf("%q: %v", row.output, err)
		}
	}
}

func TestChoose(t *testing.T) {
	list := all()
	last := list[len(list)-1].name
	for _, row := range []struct {
		run, from string
		want      int // 0 for an error
	}{
		{"", "", len(list)},
		{"^" + last + "$", "", 1},
		{"", last, 1},
		{"^" + list[0].name + "$", last, 0},
		{"no such name", "", 0},
		{"", "no such name", 0},
		{"(", "", 0},
	} {
		got, err := choose(row.run, row.from)
		if len(got) != row.want || (err == nil) != (row.want > 0) {
			t.Errorf("-run %q -from %q: %d, %v", row.run, row.from, len(got), err)
		}
	}
}
