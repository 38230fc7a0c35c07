package shim

import (
	"context"
	"os"
	"sync/atomic"
	"time"

	"github.com/containerd/log"

	"seccomp-shim/shim/bootstrap"
	"seccomp-shim/shim/task"
)

// abandonedAfter is how long a shim without a container and a client stays. containerd
// connects as soon as start has answered, and stays connected.
const abandonedAfter = 20 * time.Second

// abandonment ends a shim that containerd has forgotten: containerd was killed between
// the answer of start and its first request, or between the last delete and Shutdown.
// No request will ever come, since the next containerd knows of no such shim.
type abandonment struct {
	socket  *bootstrap.Socket
	service atomic.Pointer[task.Service] // nil until it serves
}

// watch ends the process when the shim is abandoned.
func (a *abandonment) watch(ctx context.Context) {
	for {
		a.await()
		log.G(ctx).Infof("nobody has used the shim for %s: it ends", abandonedAfter)
		s := a.service.Load()
		if s == nil {
			break
		}
		if s.EndIfEmpty() {
			time.Sleep(abandonedAfter) // RunShim ends the process before that
			break
		}
	}
	a.socket.Release()
	os.Exit(1)
}

// await returns when nobody has used the shim for abandonedAfter. It has to look again
// and again: RunShim owns the server, which reports no connections.
func (a *abandonment) await() {
	for used := time.Now(); time.Since(used) < abandonedAfter; time.Sleep(abandonedAfter / 8) {
		if s := a.service.Load(); s != nil && s.HasContainers() || a.socket.HasClients() {
			used = time.Now()
		}
	}
}
