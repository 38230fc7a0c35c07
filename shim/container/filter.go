package container

import (
	"os"
	"slices"
	"time"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/shim/container/load"
)

// Filter is the seccomp filter that a container's processes must have. As the kernel and a
// checkpoint know a filter it is an installed.LoadedFilter and a dump.SavedFilter.
type Filter struct {
	Name    string // names the profile in error messages
	Program []byte // array of struct sock_filter
	Flags   uint32 // SECCOMP_FILTER_FLAG_*

	// With SECCOMP_FILTER_FLAG_NEW_LISTENER: the agent's socket and the text that is
	// sent to it, linux.seccomp.listenerPath and listenerMetadata of the OCI spec.
	ListenerPath     string
	ListenerMetadata string
	// ListenerDirs are the folders that the socket may be in; nil for any folder.
	ListenerDirs []string

	// Observer gets the listener in place of an agent; nil if the container is not observed.
	Observer Observer
}

// An Observer answers the calls that the filter of an observed container notifies, as the
// container's profile says. It is implemented by package observe.
type Observer interface {
	// Watch takes a duplicate of a process's listener, and answers its notifications from
	// now on. The exec ID is empty for the init.
	Watch(execID string, pid int, listener *os.File) error
	// Exited is called when a process has ended, before its exit is known to anybody.
	Exited(execID string, pid, status int, at time.Time)
	// Decide returns the profile's action for a call.
	Decide(bpf.Data) bpf.Action
}

// order returns the order for a process under the filter.
func (f *Filter) order(tasks []*os.File, limits []load.Limit) load.Order {
	order := load.Order{Tasks: tasks, Limits: limits}
	if f != nil {
		order.Program, order.Flags = f.Program, f.Flags
	}
	return order
}

// asksAgent reports whether the kernel makes a listener for the filter and an agent gets it,
// instead of an observer.
func (f *Filter) asksAgent() bool {
	return f != nil && f.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 && f.Observer == nil
}

// validate reports when the container is created that its agent's socket is missing. The
// shim connects to the socket only when it has a listener.
func (f *Filter) validate() error {
	if f == nil || f.ListenerPath == "" {
		return nil
	}
	socket, err := f.openAgent()
	if err != nil {
		return err
	}
	return socket.Close()
}

const capabilityToLoad = "CAP_SYS_ADMIN"

// keepToLoad returns the capabilities with which a process can load its filter just before
// execve. Without no_new_privs, seccomp(2) needs CAP_SYS_ADMIN. The program does not get
// it: execve computes the permitted set without the old one (see package load).
func (f *Filter) keepToLoad(p *specs.Process, own *configs.Capabilities) *configs.Capabilities {
	if f == nil || p.NoNewPrivileges || own == nil || slices.Contains(own.Permitted, capabilityToLoad) {
		return own
	}
	kept := *own
	kept.Permitted = append(slices.Clone(own.Permitted), capabilityToLoad)
	return &kept
}
