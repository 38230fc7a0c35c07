// Command patch makes the copy of runc that this module builds with: libcontainer
// of the pinned version, whose init ends in [libcontainer.LastAct] instead of an
// execve of its own. go.mod replaces runc by that copy, so a build without the
// change does not exist.
//
//	go run ./shim/container/patch build/runc
//
// Why: libcontainer loads seccomp filters itself and compiles them in every
// container's init, at every create and every exec; and it loads them several
// steps before execve, so that profiles must allow what runc happens to call
// there, and break with its releases. Its Init takes no hook, go build's
// -overlay refuses files of the module cache, and runc's maintainers do not want
// libcontainer to be a library for others (runc#2364, runc#3028).
//
// Nothing of runc is in this repository. The copy comes out of the module cache,
// after go has verified it, and its checksum must be the one that is written
// down here. An update of runc in go.mod fails until somebody has read its new
// init code and changed the constants.
//
// libcontainer's own seccomp code is out of the binary too: it needs the build
// tag seccomp, which nothing here sets. Without it, a container whose libcontainer
// configuration has a profile is refused, so a filter can only come by LastAct.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The version whose init code was read for [edits].
const (
	module  = "github.com/opencontainers/runc"
	version = "v1.5.2"
	sum     = "h1:eUUowc2WJCnFYzI87C1WqRcu356Dk/wsoi90y+2wEfE="
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: patch DIRECTORY")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "patch runc:", err)
		os.Exit(1)
	}
}

// run makes target, unless it is there already with the same content.
func run(target string) error {
	if err := checkPin(); err != nil {
		return err
	}
	stamp := filepath.Join(target, "PATCHED")
	if made, err := os.ReadFile(stamp); err == nil && string(made) == identity() {
		return nil
	}
	source, err := download()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(target), "runc-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyGo(work, source); err != nil {
		return err
	}
	if err := apply(work); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "PATCHED"), []byte(identity()), 0o644); err != nil {
		return err
	}
	if err := os.RemoveAll(target); err != nil {
		return err
	}
	return os.Rename(work, target)
}

// identity tells one result of this program from another.
func identity() string { return fmt.Sprint(module, version, sum, edits, lastAct) }

// checkPin compares go.mod with the version that this program knows.
func checkPin() error {
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
		if r.Path == module && r.Version == version {
			return nil
		}
		if r.Path == module {
			return fmt.Errorf("go.mod requires %s, but the edits are made for %s: read the init code of the new version, then update shim/container/patch", r.Version, version)
		}
	}
	return fmt.Errorf("go.mod does not require %s", module)
}

// download returns the module's folder in the module cache. It runs outside of
// this module, which replaces the very one that is wanted.
func download() (dir string, err error) {
	outside, err := os.MkdirTemp("", "patch-runc-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(outside)
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version)
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
	if got.Sum != sum {
		return "", fmt.Errorf("%s@%s has the checksum %s, not %s", module, version, got.Sum, sum)
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

// copyGo copies what a build reads: Go and C sources without tests, the module
// file, and the licence.
func copyGo(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := entry.Name()
		switch filepath.Ext(name) {
		case ".go", ".c", ".h", ".mod":
		default:
			if name != "LICENSE" && name != "NOTICE" {
				return nil
			}
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, bytes.Clone(text), 0o644)
	})
}
