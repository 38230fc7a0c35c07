package container

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/shim/container/load"
)

// unstarted returns the error of a process that ended with status and did not run its
// program, where err is what the wait for the program returned.
func (p *Process) unstarted(err error, status int) error {
	filter := p.Container.config.Filter
	killed := errors.Is(err, load.ErrKilled)
	switch {
	case killed && filter != nil && status == 128+int(unix.SIGSYS):
		return filter.blame(load.ErrThreadKilled)
	case killed, errors.Is(err, load.ErrEarlyEnd):
		return &earlyExitError{Exec: p.ID, Status: status}
	}
	return filter.blame(err)
}

// blame adds the filter's name to an error that the filter has caused.
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

// answers reports whether the filter, and not the kernel or an agent, has given a failed
// execve its errno.
func (f *Filter) answers(failed *load.ExecveError) bool {
	data := bpf.Data{Nr: unix.SYS_EXECVE, Arch: nativeArch[runtime.GOARCH]}
	copy(data.Args[:], failed.Args[:])
	switch answer := f.decide(data).Enforced(); answer.Kind() {
	case bpf.Errno:
		return answer.Data() == uint16(failed.Errno)
	case bpf.Trace: // without a tracer
		return failed.Errno == unix.ENOSYS
	}
	return false
}

// decide returns the profile's action for a call.
func (f *Filter) decide(call bpf.Data) bpf.Action {
	if f.Observer != nil { // the program has the observed form of the profile
		return f.Observer.Decide(call)
	}
	program, err := bpf.Decode(f.Program)
	if err != nil {
		return bpf.KillProcess
	}
	return program.Run(call)
}

// nativeArch is the architecture of this process's own system calls, by GOARCH.
var nativeArch = map[string]bpf.Arch{
	"amd64":   bpf.ArchX86_64,
	"arm64":   bpf.ArchAARCH64,
	"loong64": bpf.ArchLOONGARCH64,
	"ppc64le": bpf.ArchPPC64LE,
	"riscv64": bpf.ArchRISCV64,
	"s390x":   bpf.ArchS390X,
}
