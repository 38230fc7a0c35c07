package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// copyIn returns the directory of a module's changed copy.
func (m module) copyIn(dir string) string { return filepath.Join(dir, filepath.Base(m.path)) }

// writeModfile writes dir/go.mod, and dir/go.sum, where -modfile looks for it.
func writeModfile(dir string) error {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "modfile-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	modfile := filepath.Join(work, "go.mod")
	if err := os.WriteFile(modfile, text, 0o644); err != nil {
		return err
	}
	args := []string{"mod", "edit"}
	for _, m := range []module{runc, ttrpc} {
		to, err := relative(m.copyIn(dir))
		if err != nil {
			return err
		}
		args = append(args, "-replace="+m.path+"=./"+to)
	}
	if _, err := output(exec.Command("go", append(args, modfile)...)); err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	if text, err = os.ReadFile(modfile); err != nil {
		return err
	}
	return errors.Join(writeIfNew(filepath.Join(dir, "go.mod"), text), writeIfNew(filepath.Join(dir, "go.sum"), sums))
}

// writeIfNew does not write a file that has the text already: go and make compare times.
func writeIfNew(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	return os.WriteFile(path, text, 0o644)
}

// relative returns a path relative to the module's root, where this command runs.
// Binaries record the paths of replaced modules, and must not depend on the directory
// in which they are built.
func relative(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Rel(root, absolute)
}
