package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A module to change: the version whose code was read, and the changes in the copy.
type module struct {
	path, version, sum string
	edits              []edit
	added              map[string]string      // texts of new files
	check              func(dir string) error // of the changed copy; may be nil
}

// An edit replaces old, which must occur once in the file.
type edit struct{ file, old, replacement string }

// provide makes the copy in target, unless target is that copy already.
func (m module) provide(target string) error {
	if err := m.checkPin(); err != nil {
		return err
	}
	if m.isMade(target) {
		return nil
	}
	source, err := m.download()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(target), filepath.Base(target)+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := m.fill(work, source); err != nil {
		return err
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.Rename(work, target)
}

// fill makes the copy and its stamp in an empty directory. It compares the copy, not
// source, with the module's checksum: nobody else writes to the copy.
func (m module) fill(work, source string) error {
	if err := os.CopyFS(work, os.DirFS(source)); err != nil {
		return err
	}
	if err := m.checkSource(work); err != nil {
		return err
	}
	if err := prune(work); err != nil {
		return err
	}
	if err := m.apply(work); err != nil {
		return err
	}
	stamp, err := m.stamp(work)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(work, stampName), []byte(stamp), 0o644)
}

// identity differs for different versions of a module and for different changes.
func (m module) identity() string { return fmt.Sprint(m.path, m.version, m.sum, m.edits, m.added) }

// checkPin returns an error if go.mod requires another version than the changes are for.
func (m module) checkPin() error {
	text, err := output(exec.Command("go", "mod", "edit", "-json"))
	if err != nil {
		return err
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(text, &mod); err != nil {
		return err
	}
	for _, r := range mod.Require {
		if r.Path == m.path && r.Version == m.version {
			return nil
		}
		if r.Path == m.path {
			return fmt.Errorf("go.mod requires %s, but the edits are made for %s: read the code of the new version, then update shim/patch", r.Version, m.version)
		}
	}
	return errors.New("go.mod does not require it")
}

// download returns the module's directory in the module cache. It runs outside of this
// module, whose build/go.mod replaces the wanted one if GOFLAGS has -modfile.
func (m module) download() (dir string, err error) {
	outside, err := os.MkdirTemp("", "patch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(outside)
	cmd := exec.Command("go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = outside
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	text, err := output(cmd)
	if err != nil {
		return "", err
	}
	var got struct{ Dir, Sum string }
	if err := json.Unmarshal(text, &got); err != nil {
		return "", err
	}
	if got.Sum != m.sum {
		return "", fmt.Errorf("%s has the checksum %s, not %s", m.version, got.Sum, m.sum)
	}
	return got.Dir, nil
}

func output(cmd *exec.Cmd) ([]byte, error) {
	text, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%v: %w: %s%s", cmd.Args, err, exit.Stderr, text)
	}
	return text, err
}

// prune removes all files but those that a build reads, which are Go and C sources
// without tests and go.mod, and the licence.
func prune(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isBuilt(entry.Name()) {
			return err
		}
		return os.Remove(path)
	})
}

func isBuilt(name string) bool {
	switch filepath.Ext(name) {
	case ".go", ".c", ".h", ".mod":
		return !strings.HasSuffix(name, "_test.go")
	}
	return name == "LICENSE" || name == "NOTICE"
}

// apply changes the copy in dir. It fails if the code is not the code that the changes
// were made for.
func (m module) apply(dir string) error {
	for _, e := range m.edits {
		path := filepath.Join(dir, e.file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := strings.Count(string(text), e.old); found != 1 {
			return fmt.Errorf("%s has %d places that read %q, not one", e.file, found, strings.TrimSpace(e.old))
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), e.old, e.replacement, 1)), 0o644); err != nil {
			return err
		}
	}
	for file, text := range m.added {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if m.check == nil {
		return nil
	}
	return m.check(dir)
}
