package bootstrap

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/containerd/log"
)

// noteDir has a note for each shim of the node, those that are just being started
// included: a file that is named by the pid and holds the path of the socket. A killed process
// leaves its socket, and containerd does not clean up after all of them: not after a
// start that did not answer, nor after a shim that died before containerd had connected
// to it. The node's next start finds these sockets by the notes.
const noteDir = "/run/seccomp-shim/shims"

func noteOf(pid int) string { return filepath.Join(noteDir, strconv.Itoa(pid)) }

// writeNote is best effort: without a note a socket may stay after a kill.
func writeNote(socket string) {
	err := os.MkdirAll(noteDir, 0o700)
	if err == nil {
		err = os.WriteFile(noteOf(os.Getpid()), []byte(socket), 0o600)
	}
	if err != nil {
		log.L.WithError(err).Warn("a shim that is killed before it is connected to leaves its socket")
	}
}

func forgetNote() { _ = os.Remove(noteOf(os.Getpid())) }

// removeDeadSockets removes the notes of ended processes, and their sockets unless a
// shim serves there.
func removeDeadSockets(dir string) {
	notes, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		log.L.WithError(err).Warn("sockets of killed shims are not removed")
	}
	for _, entry := range notes {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && isAlive(pid) {
			continue
		}
		file := filepath.Join(dir, entry.Name())
		if socket, err := os.ReadFile(file); err == nil && filepath.IsAbs(string(socket)) {
			removeIfDead(string(socket))
		}
		_ = os.Remove(file) // another start may have removed it
	}
}
