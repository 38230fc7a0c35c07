package compile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
)

// Result is a compiled profile.
type Result struct {
	Program bpf.Program
	Flags   uint32 // SECCOMP_FILTER_FLAG_* to load it with
	// Skipped are the syscalls, sorted, which the profile allows and libseccomp
	// does not know. They fail with ENOSYS or by the default action.
	Skipped []string
	// Own are the syscalls, sorted, as "<architecture> <name>", that libseccomp
	// compiles otherwise than the profile says, and which this package has emitted.
	Own []string
}

// Deadline bounds a compilation. containerd's own patience is longer.
const Deadline = 4500 * time.Millisecond

// InexactError says that no program could be made that decides as the profile
// says; it holds a call on which the best one differs.
type InexactError struct {
	check.Difference
}

func (e *InexactError) Error() string {
	return fmt.Sprintf("seccomp profile cannot be enforced exactly: %v", e.Difference)
}

// Compile compiles a profile for the architecture, the kernel and the libseccomp
// that this program runs on. The same input gives the same bytes.
//
// The error is a [*seccomp.InvalidError] where a field is to blame, or an
// [*InexactError]. main must have called [Helper].
func Compile(ctx context.Context, p *seccomp.Profile) (*Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, Deadline, fmt.Errorf("seccomp profile is not compiled within %v", Deadline))
	defer cancel()
	flags, err := loadFlags(p)
	if err != nil {
		return nil, err
	}
	known, skipped, err := knownNames(p)
	if err != nil {
		return nil, err
	}
	m, err := Meaning(p)
	if err != nil {
		return nil, err
	}
	filter, err := byLibseccomp(ctx, argued(known))
	if err != nil {
		return nil, blame(known, err)
	}
	program, own, err := makeExact(ctx, filter, m)
	if err != nil {
		return nil, blame(known, err)
	}
	return &Result{Program: program, Flags: flags, Skipped: skipped, Own: own}, nil
}

// blame names the field that makes a program longer than the kernel takes, and
// returns any other error as it is.
func blame(spec *specs.LinuxSeccomp, err error) error {
	if tooLong := (*bpf.LengthError)(nil); !errors.As(err, &tooLong) {
		return err
	}
	rules := 0
	for _, entry := range spec.Syscalls {
		rules += len(entry.Names)
	}
	return &seccomp.InvalidError{
		Field:  "syscalls",
		Value:  fmt.Sprintf("%d rules", rules),
		Reason: fmt.Sprintf("too large for the kernel: %v", err),
	}
}

// argued returns a profile of those syscalls alone that are, or can be, decided by
// their arguments. The others are decided by their numbers, in front.
func argued(spec *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	conditional := map[string]bool{}
	for _, rule := range spec.Syscalls {
		for _, name := range rule.Names {
			conditional[name] = conditional[name] || len(rule.Args) > 0 || meaning.Multiplexed(name)
		}
	}
	reduced := *spec
	reduced.Syscalls = nil
	for _, rule := range spec.Syscalls {
		rule.Names = slices.DeleteFunc(slices.Clone(rule.Names), func(name string) bool { return !conditional[name] })
		if len(rule.Names) > 0 {
			reduced.Syscalls = append(reduced.Syscalls, rule)
		}
	}
	return &reduced
}

// makeExact puts in front of libseccomp's program what this package emits
// itself: the numbers whose arguments do not count, and the syscalls that the
// check finds wrong.
func makeExact(ctx context.Context, filter bpf.Program, m *meaning.Meaning) (program bpf.Program, own []string, err error) {
	wrong := map[bpf.Arch][]uint32{}
	for range 2 {
		if program, err = front(filter, m, wrong); err != nil {
			return bpf.Program{}, nil, err
		}
		differences, err := check.Compare(ctx, program, m)
		if errors.Is(err, check.ErrTooComplex) && len(wrong) == 0 {
			// Our own emission asks what the rules say, in the check's order, and
			// never is.
			wrong = conditional(m)
			continue
		}
		if err != nil {
			return bpf.Program{}, nil, fmt.Errorf("check the compiled seccomp profile: %w", cause(ctx, err))
		}
		if len(differences) == 0 {
			return program, names(m, wrong), nil
		}
		if len(wrong) > 0 {
			return bpf.Program{}, nil, &InexactError{differences[0]}
		}
		for _, d := range differences {
			wrong[d.Call.Arch] = append(wrong[d.Call.Arch], d.Call.Nr)
		}
	}
	panic("unreachable")
}

// conditional are the syscalls that are decided by their arguments.
func conditional(m *meaning.Meaning) map[bpf.Arch][]uint32 {
	all := map[bpf.Arch][]uint32{}
	for _, abi := range m.ABIs {
		for _, nr := range slices.Sorted(maps.Keys(abi.Rules)) {
			if len(abi.Rules[nr][0].Conditions) > 0 {
				all[abi.Arch] = append(all[abi.Arch], nr)
			}
		}
	}
	return all
}

// cause prefers the reason of an ended context to its bare error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
