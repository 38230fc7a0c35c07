package installer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"seccomp-shim/deploy/installer/config"
)

// textWithoutUs returns a file without our lines. If the file is absent, it returns
// what the file has to be instead.
func (n *node) textWithoutUs(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return n.freshText(file)
	}
	if err != nil {
		return nil, err
	}
	p, err := n.choosePlace()
	if err != nil {
		return nil, err
	}
	return config.Without(text, p.dropIn), nil
}

// freshText returns the content of a new file that changes nothing.
func (n *node) freshText(file string) ([]byte, error) {
	switch {
	case file != n.config:
		return []byte(baseTemplate), nil
	case n.version.Major == 1: // the whole default: if config.toml names any runtime, containerd 1.x has no default one
		return exec.Command("containerd", "config", "default").Output()
	}
	return []byte("version = 3\n"), nil
}

// judge asks containerd for the effective configuration with text as config.toml. It
// fails if a setting that was in force would be lost.
func (n *node) judge(text []byte) error {
	after, err := n.dumpText(text)
	n.after = after
	if err != nil {
		return fmt.Errorf("containerd refuses %s with the handler: %w", n.config, err)
	}
	if !after.HasHandler() {
		return fmt.Errorf("%s: what it imports replaces the handler", n.config)
	}
	if lost := n.before.Lost(after); len(lost) > 0 {
		return fmt.Errorf("%s would lose: %s", n.config, strings.Join(lost, ", "))
	}
	return nil
}

// dumpText returns the effective configuration with text as config.toml. It writes text
// to a file beside config.toml, where relative imports lead to the same files.
func (n *node) dumpText(text []byte) (*config.Effective, error) {
	beside := n.config + ".new"
	if err := n.journal.mkdir(filepath.Dir(n.config)); err != nil {
		return nil, err
	}
	_ = os.Remove(beside)                                     // left by a run that was killed
	if err := os.WriteFile(beside, text, 0o600); err != nil { // it may have passwords
		return nil, err
	}
	defer os.Remove(beside)
	return n.dump(beside)
}

// accept writes the proposed text to a file.
func (n *node) accept(file string, text []byte) error {
	if err := n.interrupted(); err != nil {
		return err
	}
	return n.write(file, text)
}

// write writes a file if its content differs.
func (n *node) write(file string, text []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := n.journal.put(file, text, 0o644); err != nil {
		return err
	}
	n.say("wrote %s", file)
	return nil
}
