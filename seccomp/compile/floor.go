package compile

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
)

// A Floor is a profile of the node's operator that holds together with each container's own:
// see [meaning.Both]. The zero Floor is none.
//
// A floor that names no architectures holds on all ABIs of the kernel, and not on the native
// one alone: it is for containers that nobody has seen, and 32-bit programs must neither pass
// it by nor die of it.
type Floor struct {
	Profile *seccomp.Profile // nil for none
	Trial   bool             // what the floor alone refuses is reported and let through
}

// A FloorError says that a floor cannot be enforced with any profile.
type FloorError struct{ Err error }

func (e *FloorError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *FloorError) Unwrap() error { return e.Err }

// A TogetherError says that a profile and a floor make a program longer than the kernel takes.
type TogetherError struct {
	Profile, Floor int // instructions of each alone
	Err            error
}

func (e *TogetherError) Error() string {
	return fmt.Sprintf("a profile of %d instructions and a floor of %d are together too large for the kernel: %v", e.Profile, e.Floor, e.Err)
}

// FloorMeaning returns what a floor means here. The error is a [*FloorError].
func FloorMeaning(f Floor) (*meaning.Meaning, error) {
	p, spec := f.Profile, f.Profile.Spec()
	refuse := func(field, value, reason string) (*meaning.Meaning, error) {
		return nil, &FloorError{&seccomp.InvalidError{Field: field, Value: value, Reason: reason}}
	}
	switch {
	case p.Notifies():
		return refuse("syscalls", string(specs.ActNotify), "a floor has no agent")
	case len(spec.Flags) > 0:
		return refuse("flags", string(spec.Flags[0]), "a floor has no flags: they would hold for the container's profile too")
	}
	if path, _ := p.Listener(); path != "" {
		return refuse("listenerPath", path, "a floor has no agent")
	}
	if _, err := unknownNames(spec); err != nil {
		return nil, &FloorError{err}
	}
	architectures := spec.Architectures
	if len(architectures) == 0 {
		architectures = kernelABIs()
	}
	m, err := meaningOf(p, architectures)
	if err != nil {
		return nil, err
	}
	if !f.Trial {
		if err := CheckExecve(m); err != nil {
			return nil, &FloorError{err}
		}
	}
	return m, nil
}

// kernelABIs returns the ABIs that a kernel of the native architecture can have.
func kernelABIs() []specs.Arch {
	switch runtime.GOARCH {
	case "amd64":
		return []specs.Arch{specs.ArchX86_64, specs.ArchX86, specs.ArchX32}
	case "arm64":
		return []specs.Arch{specs.ArchAARCH64, specs.ArchARM}
	case "s390x":
		return []specs.Arch{specs.ArchS390X, specs.ArchS390}
	case "ppc64le":
		return []specs.Arch{specs.ArchPPC64LE}
	}
	return []specs.Arch{libseccomp.Native()}
}

// Open returns the profile of a container without one: it allows all calls, so that under a
// floor only the floor counts.
func Open() (*seccomp.Profile, error) {
	return seccomp.New(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Architectures: kernelABIs()})
}

// ruledByFloor reports whether a floor's rules, and not only its default, decide about a syscall.
func ruledByFloor(m meaning.Decider, arch bpf.Arch, nr uint32) bool {
	both, ok := m.(meaning.Both)
	if !ok {
		return false
	}
	floor := both.Floor.Call(arch, nr)
	return len(floor.Rules) > 0 || floor.Otherwise != bpf.Allow
}

// buildOver makes the result for a profile together with a floor.
func buildOver(ctx context.Context, p *seccomp.Profile, m *meaning.Meaning, mode denials.Mode, floor Floor) (*Result, error) {
	f, err := FloorMeaning(floor)
	if err != nil {
		return nil, err
	}
	both := meaning.Both{Profile: m, Floor: f}
	if floor.Trial {
		return inTrial(ctx, p, meaning.Both{Profile: mode.Meaning(m), Floor: denials.Trial.Meaning(f)})
	}
	if rules := mostRules(both); rules > bpf.MaxInstructions {
		return nil, together(ctx, p, m, f, fmt.Errorf("%d rules about arguments, and a seccomp filter has 1 to %d instructions", rules, bpf.MaxInstructions))
	}
	result, err := translate(ctx, p.Spec(), both)
	if err == nil && mode != denials.Off {
		result.Program, err = observed(ctx, result.Program, meaning.Both{Profile: mode.Meaning(m), Floor: mode.Meaning(f)}, mode)
	}
	if tooLong := (*bpf.LengthError)(nil); errors.As(err, &tooLong) {
		return nil, together(ctx, p, m, f, tooLong)
	}
	return result, err
}

// mostRules returns how many rules about arguments the profile and the floor have together, or
// a larger number than the kernel takes: each rule takes at least one instruction.
func mostRules(both meaning.Both) (count int) {
	const manyPairs = 1 << 18 // takes a tenth of a second
	for _, part := range both.Floor.ABIs {
		for nr, rules := range part.Rules {
			pairs := (len(both.Profile.Call(part.Arch, nr).Rules) + 1) * (len(rules) + 1)
			if pairs > manyPairs || count > bpf.MaxInstructions {
				return max(pairs, count)
			}
			count += len(both.Call(part.Arch, nr).Rules)
		}
	}
	return count
}

// inTrial makes a program that notifies the shim of what the floor alone refuses. Its returns
// do not say whose answer they are, so it is emitted and not made of an enforcing one.
func inTrial(ctx context.Context, p *seccomp.Profile, both meaning.Both) (*Result, error) {
	skipped, err := unknownNames(p.Spec())
	if err != nil {
		return nil, err
	}
	foreign, err := emit.Foreign(both)
	if err != nil {
		return nil, err
	}
	program, reemitted, err := makeExact(ctx, foreign, both, emit.Conditional(both, emit.All))
	if err != nil {
		return nil, blame(p.Spec(), err)
	}
	return &Result{Program: program, Skipped: skipped, Reemitted: reemitted}, nil
}

// together blames both of two profiles for the length of their program.
func together(ctx context.Context, p *seccomp.Profile, m, f *meaning.Meaning, tooLong error) error {
	profile, err := translate(ctx, p.Spec(), m)
	if err != nil {
		return err // it is too long without the floor
	}
	foreign, err := emit.Foreign(f)
	if err != nil {
		return err
	}
	alone, err := emit.Prologue(foreign, f, emit.Conditional(f, emit.All))
	if err != nil {
		return &FloorError{err}
	}
	return &TogetherError{profile.Program.Len(), alone.Len(), tooLong}
}
