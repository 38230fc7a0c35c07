package task

import (
	"github.com/containerd/containerd/api/events"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/pkg/protobuf"

	"seccomp-shim/shim/container"
)

// reporter sends containerd an event for each change of a container's state.
type reporter struct {
	service *Service
	rootfs  []*types.Mount // of the create request
	execs   *execLog       // nil without the option log_execs
}

func (r *reporter) Created(c *container.Container) {
	r.service.add(c)
	streams := c.Init().Streams()
	r.service.events.send(&events.TaskCreate{
		ContainerID: c.ID,
		Bundle:      c.Bundle,
		Rootfs:      r.rootfs,
		IO: &events.TaskIO{
			Stdin:    streams.Stdin,
			Stdout:   streams.Stdout,
			Stderr:   streams.Stderr,
			Terminal: streams.Terminal,
		},
		Pid: uint32(c.Init().Pid()),
	})
}

func (r *reporter) ExecAdded(p *container.Process) {
	r.service.events.send(&events.TaskExecAdded{ContainerID: p.Container.ID, ExecID: p.ID})
}

func (r *reporter) Started(p *container.Process) {
	if p.ID == "" {
		r.service.events.send(&events.TaskStart{ContainerID: p.Container.ID, Pid: uint32(p.Pid())})
		return
	}
	r.execs.started(p)
	r.service.events.send(&events.TaskExecStarted{ContainerID: p.Container.ID, ExecID: p.ID, Pid: uint32(p.Pid())})
}

func (r *reporter) OOM(c *container.Container) {
	r.service.events.send(&events.TaskOOM{ContainerID: c.ID})
}

func (r *reporter) Exited(p *container.Process, e container.Exit) {
	id := p.ID
	if id == "" {
		id = p.Container.ID
	}
	r.service.events.send(&events.TaskExit{
		ContainerID: p.Container.ID,
		ID:          id,
		Pid:         uint32(e.Pid),
		ExitStatus:  uint32(e.Status),
		ExitedAt:    protobuf.ToTimestamp(e.At),
	})
}
