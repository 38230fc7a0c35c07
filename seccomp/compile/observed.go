package compile

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/meaning"
)

// observed returns the observed form of a profile's program. The program differs only in
// what it returns, and the proof is made again for m, the observed form of the meaning.
func observed(ctx context.Context, program bpf.Program, m meaning.Decider, mode denials.Mode) (bpf.Program, error) {
	program = program.Answering(mode.Observed)
	differences, err := check.Compare(ctx, program, m)
	if err != nil {
		return bpf.Program{}, fmt.Errorf("check the observed seccomp profile: %w", cause(ctx, err))
	}
	if len(differences) > 0 {
		return bpf.Program{}, &InexactError{differences[0]}
	}
	return program, nil
}

// ErrNotifies says that a profile cannot be observed: a filter has one listener, and that of
// this profile belongs to its agent.
var ErrNotifies = errors.New("the profile has SCMP_ACT_NOTIFY, whose agent needs the only listener of a seccomp filter")

// observedFlags adds the flags of a filter that the shim observes. With WAIT_KILLABLE_RECV
// (Linux 5.19) a signal does not interrupt a call that the shim has received.
func observedFlags(p *seccomp.Profile, flags uint32) (uint32, error) {
	if p.Notifies() {
		return 0, ErrNotifies
	}
	flags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	if !kernelHas(flags) {
		return 0, errors.New("observe: this kernel has no seccomp listeners, Linux 5.0 has")
	}
	if killable := flags | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV; kernelHas(killable) {
		flags = killable
	}
	return flags, nil
}
