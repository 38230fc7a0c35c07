package container

import (
	"slices"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/load"
)

// resources are the names of getrlimit(2), which the OCI spec uses.
var resources = map[string]uint32{
	"RLIMIT_AS":         unix.RLIMIT_AS,
	"RLIMIT_CORE":       unix.RLIMIT_CORE,
	"RLIMIT_CPU":        unix.RLIMIT_CPU,
	"RLIMIT_DATA":       unix.RLIMIT_DATA,
	"RLIMIT_FSIZE":      unix.RLIMIT_FSIZE,
	"RLIMIT_LOCKS":      unix.RLIMIT_LOCKS,
	"RLIMIT_MEMLOCK":    unix.RLIMIT_MEMLOCK,
	"RLIMIT_MSGQUEUE":   unix.RLIMIT_MSGQUEUE,
	"RLIMIT_NICE":       unix.RLIMIT_NICE,
	"RLIMIT_NOFILE":     unix.RLIMIT_NOFILE,
	"RLIMIT_NPROC":      unix.RLIMIT_NPROC,
	"RLIMIT_RSS":        unix.RLIMIT_RSS,
	"RLIMIT_RTPRIO":     unix.RLIMIT_RTPRIO,
	"RLIMIT_RTTIME":     unix.RLIMIT_RTTIME,
	"RLIMIT_SIGPENDING": unix.RLIMIT_SIGPENDING,
	"RLIMIT_STACK":      unix.RLIMIT_STACK,
}

// limits converts a process's resource limits.
//
// The process sets them as part of its last act. libcontainer would set them earlier,
// while Go code still has to run: with a small RLIMIT_AS the Go runtime dies when it needs
// memory, and with a small RLIMIT_NPROC when it needs a thread.
func limits(rlimits []specs.POSIXRlimit) ([]load.Limit, error) {
	var all []load.Limit
	for i, l := range rlimits {
		resource, ok := resources[l.Type]
		if !ok {
			return nil, invalidf("process.rlimits[%d].type: %q: not known", i, l.Type)
		}
		if slices.ContainsFunc(all, func(other load.Limit) bool { return other.Name == l.Type }) {
			return nil, invalidf("process.rlimits[%d].type: %q: is there already", i, l.Type) // OCI: an error
		}
		if l.Soft > l.Hard {
			return nil, invalidf("process.rlimits[%d]: %s: soft limit %d is above the hard limit %d", i, l.Type, l.Soft, l.Hard)
		}
		all = append(all, load.Limit{Name: l.Type, Resource: resource, Soft: l.Soft, Hard: l.Hard})
	}
	return all, nil
}

// raisedLimits returns the limits that the process cannot set itself: a hard limit above
// the shim's needs CAP_SYS_RESOURCE in the host's user namespace (setrlimit(2)).
// libcontainer raises these hard limits, and leaves the soft limits as they are.
func raisedLimits(rlimits []specs.POSIXRlimit) ([]configs.Rlimit, error) {
	wanted, err := limits(rlimits)
	if err != nil {
		return nil, err
	}
	var raised []configs.Rlimit
	for _, l := range wanted {
		var own unix.Rlimit
		if err := unix.Getrlimit(int(l.Resource), &own); err != nil {
			return nil, invalidf("process.rlimits: %s: %w", l.Name, err)
		}
		if l.Hard > own.Max {
			raised = append(raised, configs.Rlimit{Type: int(l.Resource), Soft: own.Cur, Hard: l.Hard})
		}
	}
	return raised, nil
}
