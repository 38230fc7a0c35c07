package compile

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/meaning"
)

// makeExact gives libseccomp's program a prologue, and checks it. The syscalls that the check
// finds wrong are re-emitted, too. It returns the program and the names of all reemitted
// syscalls.
func makeExact(ctx context.Context, filter bpf.Program, m meaning.Decider, reemitted emit.Syscalls) (bpf.Program, []string, error) {
	repaired, everything := false, false
	for {
		program, err := emit.Prologue(filter, m, reemitted)
		if err != nil {
			return bpf.Program{}, nil, err
		}
		differences, err := check.Compare(ctx, program, m)
		switch {
		case errors.Is(err, check.ErrTooComplex) && !everything:
			// Our reemitted emission asks what the rules say, in the check's order, and never
			// is.
			reemitted, everything = emit.Conditional(m, emit.All), true
		case err != nil:
			return bpf.Program{}, nil, fmt.Errorf("check the compiled seccomp profile: %w", cause(ctx, err))
		case len(differences) == 0:
			return program, reemitted.Names(m), nil
		case repaired:
			return bpf.Program{}, nil, &InexactError{differences[0]}
		default:
			reemitted, repaired = with(reemitted, differences), true
		}
	}
}

// with returns the reemitted syscalls and those that differ.
func with(reemitted emit.Syscalls, differences []check.Difference) emit.Syscalls {
	all := emit.Syscalls{}
	for arch, numbers := range reemitted {
		all[arch] = slices.Clone(numbers)
	}
	for _, d := range differences {
		if !slices.Contains(all[d.Call.Arch], d.Call.Nr) {
			all[d.Call.Arch] = append(all[d.Call.Arch], d.Call.Nr)
		}
	}
	return all
}

// InexactError says that no program could be made that decides as the profile says. It
// holds a call on which the best program differs.
type InexactError struct {
	check.Difference
}

func (e *InexactError) Error() string {
	return fmt.Sprintf("seccomp profile cannot be enforced exactly: %v", e.Difference)
}

// cause prefers the reason of an ended context to its bare error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
