package observe

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/shim/privatefile"
)

func report(id string) *denials.Report { return &denials.Report{Namespace: "test", ID: id} }

func mustWrite(t *testing.T, r Reports, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := r.Write(report(id)); err != nil {
			t.Fatal(err)
		}
	}
}

func reports(t *testing.T) Reports {
	t.Helper()
	return Reports{filepath.Join(t.TempDir(), "run", "denials")}
}

func files(t *testing.T, r Reports) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(r.Dir, "test"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// Only root reaches reports, and one that is too old goes with the first report of the next
// container. The clock may have been set back.
func TestReportsAreCleaned(t *testing.T) {
	r := reports(t)
	mustWrite(t, r, "old", "future", "kept")
	for name, age := range map[string]time.Duration{"old.json": -keepFor - time.Hour, "future.json": time.Hour, ".new-1": -time.Hour, ".new-2": 0} {
		path := filepath.Join(r.Dir, "test", name)
		if strings.HasPrefix(name, privatefile.TempPrefix) {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Now().Add(age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	mustWrite(t, r, "kept", "new")
	if got, want := files(t, r), ".new-2 kept.json new.json"; got != want {
		t.Errorf("there are %s, want %s", got, want)
	}
	for _, path := range []string{r.Dir, filepath.Join(r.Dir, "test"), filepath.Join(r.Dir, "test", "new.json")} {
		info, err := os.Stat(path)
		if err != nil || info.Mode()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Reports of many containers take a bounded number of files.
func TestReportsAreBounded(t *testing.T) {
	r := reports(t)
	for i := range mostReports + 50 {
		mustWrite(t, r, fmt.Sprintf("c%05d", i))
	}
	names := strings.Fields(files(t, r))
	if len(names) != mostReports || names[0] != "c00050.json" {
		t.Errorf("%d files from %s on", len(names), names[0])
	}
}

// A kubelet makes folders that others can read. They are closed.
func TestReportsClosesItsFolder(t *testing.T) {
	r := reports(t)
	if err := errors.Join(os.MkdirAll(r.Dir, 0o700), os.Chmod(r.Dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, r, "c")
	if info, err := os.Stat(r.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Where a report cannot be written safely, the error names the path.
func TestReportsFail(t *testing.T) {
	for fact, prepare := range map[string]func(r Reports) error{
		"others can write to the folder": func(r Reports) error { return os.Chmod(r.Dir, 0o777) },
		"the folder is a link": func(r Reports) error {
			return os.Rename(r.Dir, r.Dir+"2")
		},
		"the folder is a file": func(r Reports) error { return os.WriteFile(filepath.Join(r.Dir, "test"), nil, 0o600) },
	} {
		r := reports(t)
		if err := os.MkdirAll(r.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := prepare(r); err != nil {
			t.Fatal(err)
		}
		if fact == "the folder is a link" {
			if err := os.Symlink(r.Dir+"2", r.Dir); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Write(report("c")); err == nil || !strings.Contains(err.Error(), r.Dir) {
			t.Errorf("%s: %v", fact, err)
		}
	}
	for _, id := range []string{"", "..", "a/b", ".hidden", strings.Repeat("x", 300)} {
		if err := reports(t).Write(report(id)); err == nil {
			t.Errorf("%q is a name", id)
		}
	}
}
