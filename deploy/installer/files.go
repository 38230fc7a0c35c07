package installer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// runTime is more than a program needs to print its version, also on a busy node.
const runTime = 30 * time.Second

// installFiles puts the binaries and the profiles on the node.
func (n *node) installFiles() error {
	if err := n.refuseSecondCopy(); err != nil {
		return err
	}
	for _, p := range programs {
		if err := n.installProgram(p.name, p.try); err != nil {
			return err
		}
	}
	if err := n.journal.put(n.stateFile("bin"), []byte(n.ownBinDir()+"\n"), 0o644); err != nil {
		return err
	}
	profiles, _ := filepath.Glob(filepath.Join(n.payload, "profiles", "*.json")) // no bad pattern
	for _, source := range profiles {
		if err := n.installProfile(source); err != nil {
			return err
		}
	}
	return n.installFloor()
}

// isPackaged reports whether a package has put the binaries into binDir.
func (n *node) isPackaged() bool {
	return sameFile(filepath.Join(n.payload, shimName), filepath.Join(n.binDir, shimName))
}

// ownBinDir returns the folder whose binaries belong to the installer, which may remove
// them.
func (n *node) ownBinDir() string {
	if n.isPackaged() {
		return ""
	}
	return n.binDir
}

// refuseSecondCopy fails if there is another shim in containerd's PATH: containerd
// takes the first one, which may be older.
func (n *node) refuseSecondCopy() error {
	if !slices.Contains(standardFolders, n.binDir) {
		return nil
	}
	ours := filepath.Join(n.binDir, shimName)
	for _, folder := range standardFolders {
		other := filepath.Join(folder, shimName)
		if sameFile(folder, n.binDir) || !exists(other) || sameFile(other, ours) || folder == n.oldBinDir {
			continue
		}
		return fmt.Errorf("%s is there too, and containerd runs the first in its PATH: remove it, or set BIN_DIR=%s; "+
			"if it is of the package seccomp-shim, use the package's /usr/lib/seccomp-shim/node-installer", other, folder)
	}
	return nil
}

// installProgram copies a program, and runs it before it takes the place of an older one.
func (n *node) installProgram(name, try string) error {
	source, target := filepath.Join(n.payload, name), filepath.Join(n.binDir, name)
	if same, err := sameBytes(source, target); err != nil {
		return err
	} else if same {
		return runOnce(target, try)
	}
	if err := n.journal.mkdir(n.binDir); err != nil {
		return err
	}
	// A new file, because running processes keep the old one.
	temporary := target + ".new"
	defer os.Remove(temporary)
	if err := copyFile(source, temporary, 0o755); err != nil {
		return err
	}
	if err := runOnce(temporary, try); err != nil {
		return err
	}
	if !exists(target) {
		n.journal.created(target)
	}
	if err := os.Rename(temporary, target); err != nil {
		return err
	}
	n.say("wrote %s", target)
	return nil
}

// runOnce runs a program that exits by itself.
func runOnce(program string, arguments ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, arguments...).CombinedOutput()
	if err == nil {
		return nil
	}
	var fs unix.Statfs_t // its flags have the values of mount flags: statfs(2)
	if errors.Is(err, unix.EACCES) && unix.Statfs(program, &fs) == nil && fs.Flags&unix.MS_NOEXEC != 0 {
		return &os.PathError{Op: "run", Path: program, Err: errNoExec}
	}
	return fmt.Errorf("run %s %s: %w: %s", program, strings.Join(arguments, " "), err, bytes.TrimSpace(out))
}

var errNoExec = errors.New("its file system is mounted with noexec")

// installProfile keeps an existing profile of the same name.
func (n *node) installProfile(source string) error {
	name := filepath.Base(source)
	target := filepath.Join(n.profileDir, name)
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if exists(target) {
		if same, err := sameBytes(source, target); err != nil || same {
			return err
		}
		n.say("kept %s, which differs from ours", target)
		return nil
	}
	return n.writeProfile(name, data)
}

// writeProfile writes a profile, and notes that it is ours.
func (n *node) writeProfile(name string, data []byte) error {
	if err := n.journal.put(n.stateFile("profiles/"+name), data, 0o644); err != nil {
		return err
	}
	target := filepath.Join(n.profileDir, name)
	if err := n.journal.put(target, data, 0o644); err != nil {
		return err
	}
	n.say("wrote %s", target)
	return nil
}

// removeFiles removes what an installation has put on the node. It removes a profile
// only if the installer wrote it and nobody has changed it.
func (n *node) removeFiles() error {
	var failed []error
	profiles, _ := filepath.Glob(n.stateFile("profiles/*.json")) // no bad pattern
	for _, source := range profiles {
		target := filepath.Join(n.profileDir, filepath.Base(source))
		if same, err := sameBytes(source, target); err == nil && same {
			failed = append(failed, removeFile(target))
		}
	}
	if !n.isPackaged() {
		failed = append(failed, removePrograms(n.binDir))
	}
	folders := n.recordedFolders()
	failed = append(failed, os.RemoveAll(n.state))
	removeEmpty(folders)
	return errors.Join(failed...)
}

func removePrograms(folder string) error {
	var failed []error
	for _, p := range programs {
		failed = append(failed, removeFile(filepath.Join(folder, p.name)))
	}
	return errors.Join(failed...)
}

// sameBytes reports whether two files have the same bytes. other may be absent.
func sameBytes(one, other string) (bool, error) {
	a, err := os.ReadFile(one)
	if err != nil {
		return false, err
	}
	b, err := os.ReadFile(other)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(a, b), err
}

func copyFile(source, target string, mode os.FileMode) error {
	in, err := os.Open(source)
	if err != nil {
		return err
	}
	defer in.Close()
	_ = os.Remove(target) // left by a run that was killed
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(mode), out.Close()) // the umask has changed the first mode
}
