package shim

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"github.com/containerd/log"
)

// startingDir has a file for each start that is under way, named by its pid, with
// the path of the socket that it makes. A start that is killed leaves the socket,
// and the file, by which the node's next start finds it.
const startingDir = cacheDir + "/starting"

// noteStart is best effort: without a note a socket file may stay after a kill.
func noteStart(socket string) (forget func()) {
	file := filepath.Join(startingDir, strconv.Itoa(os.Getpid()))
	err := os.MkdirAll(startingDir, 0o700)
	if err == nil {
		err = os.WriteFile(file, []byte(socket), 0o600)
	}
	if err != nil {
		log.L.WithError(err).Warn("a start that is killed now leaves its socket")
	}
	return func() { _ = os.Remove(file) }
}

// removeKilledStarts removes the sockets of starts that were killed before their
// shim served on them.
func removeKilledStarts(dir string) {
	notes, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		log.L.WithError(err).Warn("sockets of killed starts are not removed")
	}
	for _, note := range notes {
		if pid, err := strconv.Atoi(note.Name()); err == nil && runs(pid) {
			continue
		}
		file := filepath.Join(dir, note.Name())
		if socket, err := os.ReadFile(file); err == nil && filepath.IsAbs(string(socket)) {
			removeIfDead(string(socket))
		}
		_ = os.Remove(file) // another start may have done so
	}
}
