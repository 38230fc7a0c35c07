package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"
)

// Checkpoint says how to save a container's processes with CRIU.
type Checkpoint struct {
	Images string // folder for the images; absolute
	Work   string // folder for CRIU's log, absolute; empty for a temporary one in the bundle
	Parent string // images of an earlier checkpoint, relative to Images; may be empty

	Exit        bool   // the processes end when they are saved
	OpenTCP     bool   // save established TCP connections
	UnixSockets bool   // save sockets whose other end is outside of the container
	Terminal    bool   // save terminals that are outside of the container
	FileLocks   bool   // save file locks
	CgroupsMode string // soft, full, strict, ignore; empty for CRIU's default
}

// ErrNoCRIU says that the host has no CRIU.
var ErrNoCRIU = errors.New("criu, which saves and restores processes, is not installed on this host")

// Checkpoint saves the processes. They go on, unless to.Exit is set: then they end, and
// Exited is reported as for any exit.
func (c *Container) Checkpoint(to Checkpoint) error {
	if err := check(OpCheckpoint, c.State()); err != nil {
		return err
	}
	if f := c.config.Filter; f != nil && f.Observer != nil {
		return invalidf("checkpoint: the container is observed, and CRIU does not save the listener of a seccomp filter: " +
			"run it without the option observe and the annotation io.containerd.seccomp.v1/observe")
	}
	if err := to.validate(); err != nil {
		return err
	}
	// A libcontainer value of its own: the container can be killed while CRIU writes.
	lc, err := libcontainer.Load(stateRoot(c.Bundle), c.ID)
	if err != nil {
		return translate(err)
	}
	work := to.Work
	if work == "" {
		work = criuWork(c.Bundle)
		defer os.RemoveAll(work)
	}
	err = lc.Checkpoint(&libcontainer.CriuOpts{
		ImagesDirectory:         to.Images,
		WorkDirectory:           work,
		ParentImage:             to.Parent,
		LeaveRunning:            !to.Exit,
		TcpEstablished:          to.OpenTCP,
		ExternalUnixConnections: to.UnixSockets,
		ShellJob:                to.Terminal,
		FileLocks:               to.FileLocks,
		ManageCgroupsMode:       to.CgroupsMode,
		EmptyNs:                 unix.CLONE_NEWNET, // the client sets networks up
		StatusFd:                -1,
	})
	if err != nil {
		return criuError(err, filepath.Join(work, "dump.log"), filepath.Join(c.Bundle, "criu-dump.log"))
	}
	return nil
}

func (to *Checkpoint) validate() error {
	if err := findCRIU(); err != nil {
		return err
	}
	if !filepath.IsAbs(to.Images) {
		return invalidf("checkpoint path %q: must be absolute", to.Images)
	}
	if to.Work != "" && !filepath.IsAbs(to.Work) {
		return invalidf("checkpoint work path %q: must be absolute", to.Work)
	}
	if to.Parent == "" {
		return nil
	}
	if filepath.IsAbs(to.Parent) {
		return invalidf("checkpoint parent path %q: must be relative to the images", to.Parent)
	}
	if info, err := os.Stat(filepath.Join(to.Images, to.Parent)); err != nil || !info.IsDir() {
		return invalidf("checkpoint parent path %q: not a folder", to.Parent)
	}
	return nil
}

// findCRIU is called before libcontainer, whose error would be a broken pipe.
func findCRIU() error {
	if _, err := exec.LookPath("criu"); err != nil {
		return ErrNoCRIU
	}
	return nil
}

// criuError adds the reason, which is only in CRIU's log, to an error. It copies the log
// into the bundle, since the work folder may be removed.
func criuError(err error, log, copyTo string) error {
	text, readErr := os.ReadFile(log)
	if readErr == nil {
		readErr = os.WriteFile(copyTo, text, 0o600)
	}
	if readErr != nil {
		return fmt.Errorf("%w (criu has left no log: %w)", err, readErr)
	}
	return fmt.Errorf("%w: %s (criu's log is %s)", err, faults(text), copyTo)
}

// faults returns all errors in CRIU's log. The log does not say which one was fatal.
func faults(log []byte) string {
	const enough = 1000
	var all []string
	for line := range strings.Lines(string(log)) {
		if _, fault, found := strings.Cut(line, "Error ("); found {
			all = append(all, "("+strings.TrimSpace(fault))
		}
	}
	text := strings.Join(all, "; ")
	return text[:min(len(text), enough)]
}
