package observe

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// Kills gives the kernel's records of kills by seccomp filters to the observed containers of a
// shim. The zero value reads nothing until a container needs it.
type Kills struct {
	once sync.Once

	mu       sync.Mutex
	err      error               // guarded by mu; why no record comes
	watchers map[*Container]bool // guarded by mu
	vanished []denials.Record    // guarded by mu; the latest whose process had vanished, at most mostVanished
}

// mostVanished is how many records are kept: they are looked for right after an exit.
const mostVanished = 64

// watch gives records to a container from now on. The audit group has them with and without an
// audit daemon.
func (k *Kills) watch(c *Container) {
	k.mu.Lock()
	if k.watchers == nil {
		k.watchers = map[*Container]bool{}
	}
	k.watchers[c] = true
	k.mu.Unlock()
	k.once.Do(func() {
		group, err := audit.JoinGroup(0)
		if err != nil {
			k.fail(err)
			return
		}
		go k.read(group)
	})
}

// forget gives no more records to a container.
func (k *Kills) forget(c *Container) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.watchers, c)
}

func (k *Kills) read(group *audit.Group) {
	defer group.Close()
	here := audit.InFirstPIDNamespace()
	for {
		entry, err := group.Await()
		if err != nil {
			k.fail(err)
			return
		}
		if r := entry.Record; here && r != nil && r.Signal == int(unix.SIGSYS) {
			where := cgroupsOf(r.PID) // at once: the process is about to vanish
			attributed := false
			for _, c := range k.all() {
				attributed = c.attribute(*r, where) || attributed
			}
			if !attributed && where == nil {
				k.keep(*r)
			}
		}
	}
}

func (k *Kills) all() []*Container {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]*Container, 0, len(k.watchers))
	for c := range k.watchers {
		all = append(all, c)
	}
	return all
}

func (k *Kills) keep(r denials.Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.vanished) >= mostVanished {
		k.vanished = slices.Delete(k.vanished, 0, 1)
	}
	k.vanished = append(k.vanished, r)
}

// findVanished returns the latest record that is wanted, of a process that had vanished before
// its container was looked for.
func (k *Kills) findVanished(wanted func(denials.Record) bool) (denials.Record, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range slices.Backward(k.vanished) {
		if wanted(r) {
			return r, true
		}
	}
	return denials.Record{}, false
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
