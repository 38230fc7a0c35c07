package compile

import (
	"context"
	"errors"
	"fmt"
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
	// Skipped are the names, sorted, whose rules are left out because nobody knows
	// the syscall. Such a syscall fails with ENOSYS or by the default action.
	Skipped []string
	// Own are the syscalls, sorted, as "<architecture> <name>", whose arguments count
	// and which this package has emitted: libseccomp compiles them otherwise than the
	// profile says, does not know them, or fails on the profile.
	Own []string
}

// Deadline ends a compilation on a machine that has no time for it. The limits of
// processor time ([helperSeconds], and check's) end it far earlier on any other. It is
// below the two minutes for which the kubelet waits (runtimeRequestTimeout).
const Deadline = 90 * time.Second

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
	spec := p.Spec()
	skipped, err := unknownNames(spec)
	if err != nil {
		return nil, err
	}
	m, err := Meaning(p)
	if err != nil {
		return nil, err
	}
	program, own, err := build(ctx, spec, m, libseccompKnows)
	if err != nil {
		return nil, blame(spec, err)
	}
	return &Result{Program: program, Flags: flags, Skipped: skipped, Own: own}, nil
}

// build makes an exact program, with libseccomp's part in it if there is one.
func build(ctx context.Context, spec *specs.LinuxSeccomp, m *meaning.Meaning, knows func(string) bool) (bpf.Program, []string, error) {
	own := conditional(m, func(name string) bool { return !knows(name) })
	filter, err := byLibseccomp(ctx, argued(spec, knows))
	failure := (*libseccompError)(nil)
	if errors.As(err, &failure) {
		own = conditional(m, func(string) bool { return true })
		filter, err = foreignOnly()
	}
	if err != nil {
		return bpf.Program{}, nil, err
	}
	program, names, err := makeExact(ctx, filter, m, own)
	if err != nil && failure != nil {
		err = failure.andThen(err)
	}
	return program, names, err
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
// their arguments, and that libseccomp knows. The others are decided in front.
func argued(spec *specs.LinuxSeccomp, knows func(string) bool) *specs.LinuxSeccomp {
	conditional := map[string]bool{}
	for _, rule := range spec.Syscalls {
		for _, name := range rule.Names {
			conditional[name] = conditional[name] || len(rule.Args) > 0 || meaning.Multiplexed(name)
		}
	}
	reduced := *spec
	reduced.Syscalls = nil
	for _, rule := range spec.Syscalls {
		rule.Names = slices.DeleteFunc(slices.Clone(rule.Names), func(name string) bool { return !conditional[name] || !knows(name) })
		if len(rule.Names) > 0 {
			reduced.Syscalls = append(reduced.Syscalls, rule)
		}
	}
	return &reduced
}

// cause prefers the reason of an ended context to its bare error.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
