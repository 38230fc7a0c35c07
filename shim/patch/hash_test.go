package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A copy that was changed by hand is made again, and so the build never has the change.
func TestChangedCopyIsMadeAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ttrpc")
	if err := ttrpc.provide(dir); err != nil {
		t.Fatal(err)
	}
	made, err := hashCopy(dir)
	if err != nil {
		t.Fatal(err)
	}
	for change, do := range map[string]func() error{
		"a file":         func() error { return os.WriteFile(filepath.Join(dir, "server.go"), []byte("package ttrpc\n"), 0o644) },
		"another file":   func() error { return os.WriteFile(filepath.Join(dir, "new.go"), []byte("package ttrpc\n"), 0o644) },
		"a file is gone": func() error { return os.Remove(filepath.Join(dir, "client.go")) },
		"a file's name":  func() error { return os.Rename(filepath.Join(dir, "client.go"), filepath.Join(dir, "other.go")) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if err := ttrpc.provide(dir); err != nil {
			t.Fatal(err)
		}
		if sum, err := hashCopy(dir); err != nil || sum != made {
			t.Errorf("%s was changed by hand, and the copy has checksum %s, %v, not %s", change, sum, err, made)
		}
	}
}

// An unchanged copy stays, so that nothing has to be built again.
func TestUnchangedCopyStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ttrpc")
	if err := ttrpc.provide(dir); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := ttrpc.provide(dir); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("the copy was made again: %v", err)
	}
}

// go verifies a module only when it unpacks it. A copy of files that were changed in the
// module cache is refused.
func TestChangedModuleCacheIsRefused(t *testing.T) {
	cache := privateModuleCache(t)
	dir := t.TempDir()
	if err := ttrpc.provide(filepath.Join(dir, "first")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(cache, ttrpc.path+"@"+ttrpc.version, "client.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text)+"\n// changed\n")
	err = ttrpc.provide(filepath.Join(dir, "second"))
	if err == nil || !strings.Contains(err.Error(), ttrpc.version) || !strings.Contains(err.Error(), ttrpc.sum) {
		t.Errorf("error %v does not name the version and the checksum", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "second*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// privateModuleCache makes an empty module cache, which go fills from this machine's
// downloads.
func privateModuleCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	downloads := filepath.Join(strings.TrimSpace(string(out)), "cache", "download")
	if _, err := ttrpc.download(); err != nil { // so that this machine has it
		t.Fatal(err)
	}
	cache := t.TempDir()
	t.Setenv("GOMODCACHE", cache)
	t.Setenv("GOPROXY", "file://"+downloads)
	t.Setenv("GOSUMDB", "off") // patch compares the checksum
	t.Cleanup(func() {         // directories of a module cache are read-only
		_ = filepath.WalkDir(cache, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				err = os.Chmod(path, 0o755)
			}
			return err
		})
	})
	return cache
}
