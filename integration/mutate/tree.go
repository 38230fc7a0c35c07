package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is a copy of the sources, to which mutations are applied.
type tree struct{ root string }

// newTree copies the module at source, committed or not. It keeps the binaries that an
// earlier run has built. A second run at the same time is refused, because both would
// change the same copy.
func newTree(source, root string) (*tree, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	if err := lock(root); err != nil {
		return nil, err
	}
	old, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	for _, entry := range old {
		if entry.Name() != "build" {
			if err := os.RemoveAll(filepath.Join(root, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = source
	files, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w", list.Args, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(files), "\x00"), "\x00") {
		if err := copyFile(filepath.Join(source, name), filepath.Join(root, name)); err != nil {
			return nil, err
		}
	}
	return &tree{root}, linkPeers(filepath.Join(source, "build/bin"), filepath.Join(root, "build/bin"))
}

// lock locks a folder until this process exits.
func lock(dir string) error {
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("%s: another run uses this folder: %w", dir, err)
	}
	return nil
}

func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil // deleted, but not committed yet
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode().Type() == os.ModeSymlink {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// linkPeers links the binaries that no mutation changes: the tests compare the shim with
// seccompctl as it is.
func linkPeers(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"containerd", "ctr", "http-echo", "seccompctl"} {
		link := filepath.Join(to, name)
		if err := os.RemoveAll(link); err != nil {
			return err
		}
		if err := os.Symlink(filepath.Join(from, name), link); err != nil {
			return err
		}
	}
	return nil
}

// build builds the shim, as the Makefile does. If keepCopies is true, the copies of
// modules stay as they are.
func (t *tree) build(keepCopies bool) error {
	args := []string{"--no-print-directory", "VERSION=v0.0.0-mutated"}
	copies := []string{filepath.Join(t.root, "build/runc"), filepath.Join(t.root, "build/ttrpc")}
	if keepCopies {
		for _, dir := range copies {
			args = append(args, "-o", dir)
		}
	}
	return t.run(exec.Command("make", append(args, filepath.Join(t.root, "build/bin/containerd-shim-seccomp-v1"))...))
}

// makeCopies makes the copies of modules, again if they were changed.
func (t *tree) makeCopies() error {
	return t.run(exec.Command("go", "run", "./shim/patch", "build"))
}

func (t *tree) run(cmd *exec.Cmd) error {
	cmd.Dir = t.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

// apart runs a command in new namespaces, because a mutated shim may leave processes,
// mounts, and filters in the node's cache. A shell is the first process, and reaps
// orphans.
const apart = `mkdir -p /run/seccomp-shim && mount -t tmpfs -o mode=700 tmpfs /run/seccomp-shim && "$@"; exit $?`

// test runs tests of one package and returns the output of go test.
func (t *tree) test(folder string, names []string) (output string, passed bool) {
	cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", apart, "sh",
		"go", "test", "-modfile=build/go.mod", "-tags=lastact", "-v", "-count=1", "-timeout=5m", "-vet=off", "-run=^("+strings.Join(names, "|")+")$", "./"+folder)
	cmd.Dir = t.root
	cmd.Env = append(os.Environ(), "SECCOMP_SHIM_BIN="+filepath.Join(t.root, "build/bin"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}
