package reports

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A report that cannot be read is named, and the others are read.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{
		"a/good.json":      `{"format":1,"namespace":"a","id":"good","denials":[]}`,
		"a/newer.json":     `{"format":2}`,
		"b/cut.json":       `{"format":1`,
		"b/long.json":      strings.Repeat(" ", maxBytes+1),
		"b/other.json":     `{"format":1,"namespace":"b","id":"other"}`,
		"b/.new-123.json":  `{`,
		"b/readme.txt":     "hello",
		"file.json":        `{"format":1}`,
		"c/deeper/no.json": `{"format":1}`,
	} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Read(dir)
	if len(all) != 2 || all[0].ID != "good" || all[1].ID != "other" {
		t.Errorf("got %+v", all)
	}
	for _, want := range []string{"a/newer.json: format 2, this program knows 1", "b/cut.json: unexpected end", "b/long.json: more than the limit"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v", err)
	}
	if all, err := Read(filepath.Join(dir, "none")); all != nil || err != nil {
		t.Errorf("no folder: %v, %v", all, err)
	}
	if _, err := Read(filepath.Join(dir, "file.json")); err == nil {
		t.Error("a file is a folder")
	}
}
