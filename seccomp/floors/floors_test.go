package floors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	bundle := t.TempDir()
	if n, found, err := Read(bundle); err != nil || found {
		t.Errorf("no note: %v, %v", n, err)
	}
	if n, found, err := Read(filepath.Join(bundle, "none")); err != nil || found {
		t.Errorf("no bundle: %v, %v", n, err)
	}
	want := Note{File: "/profiles/floor.json", Digest: Digest([]byte("{}")), Trial: true}
	if err := Write(bundle, want); err != nil {
		t.Fatal(err)
	}
	if got, found, err := Read(bundle); err != nil || !found || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	broken := filepath.Join(bundle, file)
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read(bundle); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("a broken file: %v", err)
	}
}
