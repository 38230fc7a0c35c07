package privatefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Create takes no name that is in use, and neither Create nor Replace leaves a part.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Create(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"first", "third"} {
		if text, err := os.ReadFile(path); err != nil || string(text) != want {
			t.Errorf("the file has %q, %v", text, err)
		}
		if err := Replace(path, []byte("third")); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

// A folder that others can read is closed, and one that others can change is refused.
func TestFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder")
	for mode, ok := range map[os.FileMode]bool{0o755: true, 0o700: true, 0o770: false, 0o777: false} {
		if err := errors.Join(os.RemoveAll(path), os.Mkdir(path, 0o700), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if err := Folder(path); (err == nil) != ok {
			t.Errorf("%v: error %v", mode, err)
		}
		if info, err := os.Stat(path); ok && (err != nil || info.Mode().Perm() != 0o700) {
			t.Errorf("%v: %v, %v", mode, info.Mode(), err)
		}
	}
}

func TestIsName(t *testing.T) {
	for word, want := range map[string]bool{"c1": true, "a.b-c_d": true, "": false, ".": false, "..": false, "a/b": false, "a\x00": false, ".hidden": false} {
		if IsName(word) != want {
			t.Errorf("%q: %v", word, !want)
		}
	}
}
