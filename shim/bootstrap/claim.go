package bootstrap

import (
	"os"
	"time"
)

// claimed is how long a start keeps a shim of a wide group: containerd connects within
// this time of the answer.
const claimed = 20 * time.Second

// claims is how often a start tries to claim a shim. A second time is rare: the shim ends
// in the moment in which the start finds it.
const claims = 10

// claim keeps the shim that serves on a socket from ending before containerd connects. It
// reports whether the socket is still there. See Retire for the other side.
func claim(path string) bool {
	now := time.Now()
	return os.Chtimes(path, now, now) == nil
}

// Retire takes the socket out of reach, so that the shim can end. It reports false if a
// start has found the shim since, and the shim must go on.
//
// A start claims the socket by its path, and Retire first gives it another path: so either
// Retire sees the claim, or the start finds no socket and becomes the group's next shim.
func (s *Socket) Retire() bool {
	if !s.wide {
		s.Release() // nobody starts a container in a pod while its last one is deleted
		return true
	}
	aside := s.path + ".ending"
	if now, err := os.Lstat(s.path); err != nil || !os.SameFile(now, s.file) || os.Rename(s.path, aside) != nil {
		s.Release()
		return true
	}
	defer os.Remove(aside)
	// Where another start has made its socket meanwhile, its shim serves the claimant too.
	if wasClaimed(aside) && os.Link(aside, s.path) == nil {
		return false
	}
	forgetNote()
	return true
}

// wasClaimed reports whether a start has claimed the shim so recently that containerd may
// not have connected. The age is negative if the clock was set back.
func wasClaimed(path string) bool {
	socket, err := os.Lstat(path)
	return err == nil && time.Since(socket.ModTime()).Abs() < claimed
}
