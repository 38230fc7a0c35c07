package task

import (
	"crypto/sha256"
	"fmt"

	"github.com/containerd/log"

	"seccomp-shim/shim/container"
	"seccomp-shim/shim/options"
)

// maxLoggedCommand is the length at which a command is cut: an argument can have 128 KiB.
const maxLoggedCommand = 1024

// An execLog writes a line into containerd's log for each exec that has started: what ran, as
// whom, and under which program. Who has asked for it only the callers of containerd know.
type execLog struct{ profile, program string }

// newExecLog returns nil if the option log_execs is off.
func newExecLog(opts *options.Options, filter *container.Filter) *execLog {
	if !opts.LogExecs {
		return nil
	}
	if filter == nil {
		return &execLog{profile: "none", program: "none"}
	}
	return &execLog{filter.Name, fmt.Sprintf("sha256:%x", sha256.Sum256(filter.Program))}
}

func (l *execLog) started(p *container.Process) {
	if l == nil {
		return
	}
	spec := p.Spec()
	command := fmt.Sprintf("%+q", spec.Args) // in ASCII without control characters, so that it forges no line
	if len(command) > maxLoggedCommand {
		command = command[:maxLoggedCommand] + "..."
	}
	log.L.WithField("container_id", p.Container.ID).WithField("exec_id", p.ID).WithField("pid", p.Pid()).
		WithField("uid", spec.User.UID).WithField("profile", l.profile).WithField("program", l.program).
		Infof("exec: %s", command)
}
