package installer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"seccomp-shim/deploy/installer/config"
)

// node is the machine, during one run.
type node struct {
	settings
	version       config.Version
	out, errors   io.Writer
	interrupts    chan os.Signal
	oldBinDir     string            // the folder of the earlier installation's binaries
	before, after *config.Effective // containerd's configuration
	journal       journal
}

func (n *node) say(format string, args ...any) {
	fmt.Fprintf(n.out, "node-installer: "+format+"\n", args...)
}

// run locks the node against a second run, and performs the action.
func (n *node) run(action string) error {
	if err := os.MkdirAll(n.settings.run, 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(n.settings.run+"/lock", os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return &os.PathError{Op: "flock", Path: lock.Name(), Err: err}
	}
	signal.Notify(n.interrupts, unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
	if n.version, err = containerdVersion(); err != nil {
		return err
	}
	n.oldBinDir = n.recordedBinDir()
	if action == "install" {
		return n.install()
	}
	return n.uninstall()
}

func (n *node) install() error {
	if n.version.Older(config.Oldest) {
		return fmt.Errorf("needs containerd %v or newer, and the one in PATH is %v", config.Oldest, n.version)
	}
	if err := n.change(true, func() error {
		if entry := n.before.CRIDisabled(); entry != "" {
			return fmt.Errorf("%s: disabled_plugins has %q, so this containerd serves no kubelet: remove that entry", n.config, entry)
		}
		if err := n.installFiles(); err != nil {
			return err
		}
		return n.addHandler()
	}); err != nil {
		return err
	}
	if own := n.ownBinDir(); n.oldBinDir != "" && n.oldBinDir != own && !sameFile(n.oldBinDir, n.binDir) {
		if err := removePrograms(n.oldBinDir); err != nil {
			return err
		}
		n.say("removed the binaries in %s: those in %s take their place", n.oldBinDir, n.binDir)
	}
	n.say("the handler %q is installed", config.Handler)
	return nil
}

func (n *node) uninstall() error {
	// containerd needs the binary to clean up after a shim, and the handler to restart
	// a container of its pod.
	folders := []string{n.binDir}
	if slices.Contains(standardFolders, n.binDir) { // an installation may have moved while they ran
		folders = standardFolders
	}
	if pids := runningShims(folders); len(pids) > 0 {
		return fmt.Errorf("pods still run by this runtime, delete them first; their shims are processes %s", strings.Join(pids, " "))
	}
	if err := n.change(false, n.removeHandler); err != nil {
		return err
	}
	if err := n.removeFiles(); err != nil {
		return err
	}
	n.say("the handler %q is removed", config.Handler)
	return nil
}

// change performs a step, and restarts containerd if the effective configuration has
// changed. If it fails, containerd is not left with half of a change.
func (n *node) change(wanted bool, step func() error) (err error) {
	if n.before, err = n.dump(n.config); err != nil {
		return fmt.Errorf("containerd refuses %s as it is: %w", n.config, err)
	}
	n.after = n.before
	// If this run is killed, the next one finds that a restart may be due.
	due := exists(n.pending())
	if err := os.WriteFile(n.pending(), nil, 0o600); err != nil {
		return err
	}
	var restarted []string
	defer func() {
		if err != nil {
			err = errors.Join(err, n.undo(restarted, due))
		}
	}()
	if err := step(); err != nil {
		return err
	}
	if err := n.recordFolders(); err != nil {
		return err
	}
	if !due && n.before.Equal(n.after) {
		return os.Remove(n.pending())
	}
	command, err := n.restartCommand()
	if err != nil || len(command) == 0 {
		return err
	}
	if err := n.interrupted(); err != nil {
		return err
	}
	n.say("restarting containerd")
	restarted = command
	if err := n.restartContainerd(command); err != nil {
		return fmt.Errorf("containerd does not start with the new configuration: %w", err)
	}
	if err := n.judgeRestarted(wanted); err != nil {
		return err
	}
	return os.Remove(n.pending())
}

// judgeRestarted asks the containerd that runs now. Another program may have written
// the configuration again, or containerd may read another file.
func (n *node) judgeRestarted(wanted bool) error {
	if n.after.CRIDisabled() != "" {
		return nil // uninstalled, and there is no CRI plugin to ask
	}
	socket := n.address
	if socket == "" {
		socket = n.after.Address()
	}
	serve := serveTime
	if n.generator() != "" {
		serve = rancherServeTime
	}
	switch err := awaitCRI(socket, wanted, serve); {
	case errors.Is(err, errNoHandler):
		return fmt.Errorf("after its restart containerd has no handler %q: does it read %s, or does another program write that file again? "+
			"Set CONTAINERD_CONFIG to the file that it reads: %w", config.Handler, n.config, err)
	case err != nil:
		return fmt.Errorf("containerd's CRI plugin does not start with the new configuration: it does not answer on %s: %w", socket, err)
	}
	if wanted {
		n.warnOfPath(socket)
	}
	return n.interrupted()
}

// warnOfPath warns if the shim is neither in containerd's PATH nor beside containerd:
// containerd looks for it when a pod starts.
func (n *node) warnOfPath(socket string) {
	process, folders, err := programFolders(socket)
	if err != nil {
		return // it is not a process of the node, or it has exited
	}
	if !slices.ContainsFunc(folders, func(folder string) bool { return sameFile(folder, n.binDir) }) {
		n.say("warning: %s is neither in the PATH of containerd (process %d) nor beside it, so pods of the handler will not start: set BIN_DIR to one of %s",
			n.binDir, process, strings.Join(folders, ", "))
	}
}

// interrupted reports whether a signal asked the installer to exit.
func (n *node) interrupted() error {
	select {
	case s := <-n.interrupts:
		return fmt.Errorf("ended by signal: %v", s)
	default:
		return nil
	}
}

// undo restores all files, and restarts containerd if it has read them.
func (n *node) undo(restarted []string, due bool) error {
	if err := n.journal.undo(); err != nil {
		return err
	}
	if len(n.journal.changed) > 0 {
		fmt.Fprintln(n.errors, "node-installer: put containerd's configuration back as it was")
	}
	if restarted != nil {
		if err := n.restartContainerd(restarted); err != nil {
			return fmt.Errorf("containerd does not start with the old configuration either: %w", err)
		}
	} else if due {
		return nil
	}
	return os.Remove(n.pending())
}

// recordFolders stores the folders that were made, so that uninstall removes them.
func (n *node) recordFolders() error {
	made := n.journal.folders
	if len(made) == 0 || !exists(n.state) {
		return nil
	}
	all := append(n.recordedFolders(), made...)
	return n.journal.put(n.stateFile("folders"), []byte(strings.Join(all, "\n")+"\n"), 0o644)
}

func (n *node) recordedFolders() []string {
	text, _ := os.ReadFile(n.stateFile("folders")) // absent if none was made
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return line == "" })
}

// explain adds the setting that helps to an error, if there is one.
func (n *node) explain(err error) error {
	path := ""
	var onPath *fs.PathError
	var onLink *os.LinkError
	switch {
	case errors.As(err, &onPath):
		path = onPath.Path
	case errors.As(err, &onLink):
		path = onLink.New
	}
	switch {
	case errors.Is(err, unix.EROFS), errors.Is(err, errNoExec):
		return fmt.Errorf("%w: %s", err, n.advice(path))
	case errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0:
		return fmt.Errorf("%w: it must be run as root", err)
	}
	return err
}
