package floors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotes(t *testing.T) {
	state := t.TempDir()
	want := Note{File: "/profiles/floor.json", Digest: "sha256:1", Trial: true}
	var bundles []string
	for _, id := range []string{"a", "b"} {
		bundle := filepath.Join(state, "io.containerd.runtime.v2.task", "k8s.io", id)
		if err := os.MkdirAll(bundle, 0o700); err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, bundle)
	}
	if err := Write(bundles[0], want); err != nil {
		t.Fatal(err)
	}
	all, err := Read(state)
	if err != nil || len(all) != 1 || all[bundles[0]] != want {
		t.Errorf("got %v, %v", all, err)
	}
	broken := filepath.Join(bundles[1], file)
	if err := os.WriteFile(broken, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(state); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("a broken file: %v", err)
	}
	if none, err := Read(filepath.Join(state, "none")); err != nil || len(none) != 0 {
		t.Errorf("no folder: %v, %v", none, err)
	}
}
