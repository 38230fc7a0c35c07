package observe

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// Kills are the kernel's latest records of kills by seccomp filters on this node, of any
// container. The zero value reads nothing until a container needs it. It is shared by the
// containers of a shim.
type Kills struct {
	once sync.Once

	mu   sync.Mutex
	err  error            // guarded by mu; why no record comes
	last []denials.Record // guarded by mu; the latest, at most mostKills
}

// mostKills is how many records are kept: a record is looked for right after the exit that
// it explains.
const mostKills = 64

// watch reads records from now on. The audit group has them with and without an audit daemon.
func (k *Kills) watch() {
	k.once.Do(func() {
		group, err := audit.JoinGroup(0)
		if err != nil {
			k.fail(err)
			return
		}
		go k.read(group)
	})
}

func (k *Kills) read(group *audit.Group) {
	defer group.Close()
	for {
		entry, err := group.Await()
		if err != nil {
			k.fail(err)
			return
		}
		if r := entry.Record; r != nil && r.Signal == int(unix.SIGSYS) {
			k.add(*r)
		}
	}
}

func (k *Kills) add(r denials.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.last) >= mostKills {
		k.last = slices.Delete(k.last, 0, 1)
	}
	k.last = append(k.last, r)
}

func (k *Kills) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

func (k *Kills) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// find returns the latest record that is wanted.
func (k *Kills) find(wanted func(denials.Record) bool) (denials.Record, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range slices.Backward(k.last) {
		if wanted(r) {
			return r, true
		}
	}
	return denials.Record{}, false
}
