package container

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/mistake"
	"seccomp-shim/shim/container/load"
)

// killPatience is how long to wait for a process to end that SIGKILL was sent to.
const killPatience = 10 * time.Second

// awaitProgram returns when the process has become the user's program, under
// its filter and with its resource limits. With a listener it returns when the
// agent has it: the agent may be asked about execve, and may want to see the
// process started before it answers.
func (p *Process) awaitProgram() error {
	filter := p.Container.config.Filter
	steps := load.Process{PID: p.pid, Deliver: p.sendListener, Standing: p.standing}
	call, err := p.channel.Load(steps)
	if err == nil && filter.listens() {
		p.followed = make(chan struct{})
		go p.followExecve(steps, call)
		return nil
	}
	if err == nil {
		err = p.channel.AwaitExecve(steps, call)
	}
	p.channel.Close()
	return err
}

// followExecve ends a process that was started and does not come to run its
// program. The process cannot say why, so the shim does.
func (p *Process) followExecve(steps load.Process, call load.Execve) {
	defer close(p.followed)
	defer p.channel.Close()
	err := p.channel.AwaitExecve(steps, call)
	if err == nil || errors.Is(err, load.ErrKilled) { // its exit says it all
		p.streams.Complain("")
		return
	}
	if killErr := p.signal(unix.SIGKILL); killErr != nil && !isEnded(killErr) {
		err = errors.Join(err, killErr)
	}
	err = p.Container.config.Filter.blame(err)
	p.streams.Complain(mistake.Line(err.Error()) + "\n")
	logrus.WithError(err).WithFields(logrus.Fields{"container_id": p.Container.ID, "exec_id": p.ID}).Error("a process was started and did not run its program")
}

// standing is load.StandingOf, also of a process that its waiter has reaped.
func (p *Process) standing() (load.Standing, error) {
	standing, err := load.StandingOf(p.pid)
	select {
	case <-p.dead: // and its pid may be another's by now
		return p.lastStanding, nil
	default:
		return standing, err
	}
}

// unstarted says why a process did not run its program, with the status of its end.
func (p *Process) unstarted(err error, status int) error {
	filter := p.Container.config.Filter
	killed := errors.Is(err, load.ErrKilled)
	switch {
	case killed && filter != nil && status == 128+int(unix.SIGSYS):
		return filter.blame(load.ErrThreadKilled)
	case killed, errors.Is(err, load.ErrEarlyEnd):
		return &EarlyExitError{Exec: p.ID, Status: status}
	}
	return filter.blame(err)
}

// blame adds the filter's name to an error that is the filter's.
func (f *Filter) blame(err error) error {
	failed, limit := (*load.ExecveError)(nil), (*load.LimitError)(nil)
	switch {
	case f == nil, errors.As(err, &limit):
		return err
	case errors.As(err, &failed) && f.answers(failed):
		return fmt.Errorf("%s answers execve: %w", f.Name, err)
	case failed != nil:
		return err
	}
	return fmt.Errorf("%s: %w", f.Name, err)
}

// answers reports whether a failed execve has its errno from the filter, and not
// from the kernel or an agent.
func (f *Filter) answers(failed *load.ExecveError) bool {
	program, err := bpf.Decode(f.Program)
	if err != nil {
		return false
	}
	data := bpf.Data{Nr: unix.SYS_EXECVE, Arch: nativeArch[runtime.GOARCH]}
	copy(data.Args[:], failed.Args[:])
	switch answer := program.Run(data).Enforced(); answer.Kind() {
	case bpf.Errno:
		return answer.Data() == uint16(failed.Errno)
	case bpf.Trace: // without a tracer
		return failed.Errno == unix.ENOSYS
	}
	return false
}

// nativeArch is the convention of this process's own system calls.
var nativeArch = map[string]bpf.Arch{
	"amd64":   bpf.ArchX86_64,
	"arm64":   bpf.ArchAARCH64,
	"loong64": bpf.ArchLOONGARCH64,
	"ppc64le": bpf.ArchPPC64LE,
	"riscv64": bpf.ArchRISCV64,
	"s390x":   bpf.ArchS390X,
}
