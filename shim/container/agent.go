package container

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/mistake"
)

// agentTimeout limits how long a seccomp agent may take to receive a listener. The process
// waits meanwhile, and has not run its program.
const agentTimeout = 10 * time.Second

// deliverListener gives a process's seccomp listener to the container's observer or agent.
func (p *Process) deliverListener(listener *os.File) error {
	if observer := p.Container.config.Filter.Observer; observer != nil {
		return observer.Watch(p.ID, p.Pid(), listener)
	}
	return p.sendListener(listener)
}

// sendListener sends a process's seccomp listener to the container's agent, with the
// message that the OCI spec defines (config-linux.md, "The Container Process State").
func (p *Process) sendListener(listener *os.File) error {
	filter := p.Container.config.Filter
	socket, err := filter.openAgent()
	if err != nil {
		return err
	}
	defer socket.Close()
	if err := sendFile(socket, p.containerProcessState(), listener); err != nil {
		return fmt.Errorf("linux.seccomp.listenerPath: send the seccomp listener to %s: %w", mistake.Shown(filter.ListenerPath), err)
	}
	return nil
}

func (p *Process) containerProcessState() *specs.ContainerProcessState {
	c := p.Container
	status := specs.StateRunning
	if p.isInit() {
		status = specs.StateCreating // runc, which loads the filter a little earlier, says so
	}
	return &specs.ContainerProcessState{
		Version:  specs.Version,
		Fds:      []string{specs.SeccompFdName},
		Pid:      p.Pid(),
		Metadata: c.config.Filter.ListenerMetadata,
		State: specs.State{
			Version:     specs.Version,
			ID:          c.ID,
			Status:      status,
			Pid:         c.init.Pid(),
			Bundle:      c.Bundle,
			Annotations: c.config.Spec.Annotations,
		},
	}
}

// sendFile sends a JSON message and a descriptor to a stream socket.
func sendFile(socket *os.File, message any, file *os.File) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	conn, err := connectTo(socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(agentTimeout)); err != nil {
		return err
	}
	sent, _, err := conn.WriteMsgUnix(text, unix.UnixRights(int(file.Fd())), nil)
	if err != nil {
		return err
	}
	if sent < len(text) { // only the first part of a long message was sent, with the descriptor
		_, err = conn.Write(text[sent:])
	}
	return err
}
