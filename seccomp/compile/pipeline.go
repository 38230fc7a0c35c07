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
	"seccomp-shim/seccomp/cache"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
)

// Result is a compiled profile.
type Result struct {
	Program bpf.Program
	Flags   uint32 // SECCOMP_FILTER_FLAG_* to load it with
	// Skipped are the names, sorted, whose rules are left out because nobody knows
	// the syscall. Such a syscall fails with ENOSYS or by the default action.
	Skipped []string
	// Reemitted are the syscalls, sorted, as "<architecture> <name>", whose arguments
	// matter and which package emit has emitted: libseccomp compiles them otherwise than
	// the profile says, does not know them, or fails on the profile.
	Reemitted []string
}

// Deadline ends a compilation on a machine that has no time for it. The limits of
// processor time (libseccomp's, and check's) end it far earlier on any other. It is
// below the two minutes for which the kubelet waits (runtimeRequestTimeout).
const Deadline = 90 * time.Second

// Compiler compiles profiles for the architecture, the kernel and the libseccomp that this
// process runs on. Its methods may be called at the same time. main must have called
// [libseccomp.Helper].
type Compiler struct {
	disk *cache.Disk // nil for none
}

// New returns a compiler that keeps its answers in a cache. A nil disk means none.
func New(disk *cache.Disk) *Compiler { return &Compiler{disk} }

// Compile returns a profile's program and how to load it. The same input gives the same
// bytes. If the context ends first, the error is its cause.
//
// The error is a [*seccomp.InvalidError] where a field is to blame, an [*InexactError], or
// another one that may not come again. The cache keeps refusals too.
func (c *Compiler) Compile(ctx context.Context, p *seccomp.Profile) (*Result, error) {
	return c.CompileObserved(ctx, p, denials.Off)
}

// CompileObserved is Compile for the observed form of a profile: see package denials. The
// profile must not notify an agent of its own.
func (c *Compiler) CompileObserved(ctx context.Context, p *seccomp.Profile, mode denials.Mode) (*Result, error) {
	return c.CompileOver(ctx, p, mode, Floor{})
}

// CompileOver is CompileObserved for a profile together with a floor. The error is a
// [*FloorError] if the floor alone is to blame, or a [*TogetherError].
func (c *Compiler) CompileOver(ctx context.Context, p *seccomp.Profile, mode denials.Mode, floor Floor) (*Result, error) {
	spec := p.Spec()
	flags, err := loadFlags(p, spec)
	if err == nil && (mode != denials.Off || floor.Profile != nil && floor.Trial) {
		flags, err = observedFlags(p, flags)
	}
	if err != nil {
		return nil, err
	}
	key := key(spec, mode, floor, hostFacts())
	result, known, err := c.recall(key)
	if !known {
		result, err = build(ctx, p, spec, mode, floor)
		if refusal := (*seccomp.InvalidError)(nil); errors.As(err, &refusal) && !ofFloor(err) {
			err = refusal // as it comes out of the cache
		}
		c.keep(key, result, err)
	}
	if err != nil {
		return nil, err
	}
	result.Flags = flags
	return result, nil
}

// Translate is Compile without the cache, and also for a profile under which no program
// can start: see [CheckExecve].
func Translate(ctx context.Context, p *seccomp.Profile) (*Result, error) {
	spec := p.Spec()
	flags, err := loadFlags(p, spec)
	if err != nil {
		return nil, err
	}
	m, err := meaningOf(p, spec.Architectures)
	if err != nil {
		return nil, err
	}
	result, err := translate(ctx, spec, m)
	if err != nil {
		return nil, err
	}
	result.Flags = flags
	return result, nil
}

// build makes the result that the cache keeps, without the flags.
func build(ctx context.Context, p *seccomp.Profile, spec *specs.LinuxSeccomp, mode denials.Mode, floor Floor) (_ *Result, err error) {
	// A shim that dies of a panic would leave its containers alone.
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("compile seccomp profile: panic: %v", v)
		}
	}()
	m, err := meaningOf(p, spec.Architectures)
	if err != nil {
		return nil, err
	}
	if mode != denials.Trial { // which lets execve through
		if err := CheckExecve(m); err != nil {
			return nil, err
		}
	}
	if floor.Profile != nil {
		return buildOver(ctx, p, m, mode, floor)
	}
	result, err := translate(ctx, spec, m)
	if err == nil && mode != denials.Off {
		result.Program, err = observed(ctx, result.Program, mode.Meaning(m), mode)
	}
	if err != nil {
		return nil, err
	}
	return result, nil
}

// translate makes a program that decides as the profile means.
func translate(ctx context.Context, spec *specs.LinuxSeccomp, m meaning.Decider) (*Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, Deadline, fmt.Errorf("seccomp profile is not compiled within %v", Deadline))
	defer cancel()
	skipped, err := unknownNames(spec)
	if err != nil {
		return nil, err
	}
	program, reemitted, err := exactProgram(ctx, spec, m, libseccomp.Knows)
	if err != nil {
		return nil, blame(spec, err)
	}
	return &Result{Program: program, Skipped: skipped, Reemitted: reemitted}, nil
}

// exactProgram makes the program with libseccomp's part, or without if libseccomp fails.
func exactProgram(ctx context.Context, spec *specs.LinuxSeccomp, m meaning.Decider, knows func(string) bool) (bpf.Program, []string, error) {
	reemitted := emit.Conditional(m, func(arch bpf.Arch, nr uint32) bool {
		return !knows(m.ABI(arch, nr).SyscallName(nr)) || ruledByFloor(m, arch, nr)
	})
	filter, err := libseccomp.Compile(ctx, argued(spec, knows))
	failure := (*libseccomp.Error)(nil)
	if errors.As(err, &failure) {
		reemitted = emit.Conditional(m, emit.All)
		filter, err = emit.Foreign(m)
	}
	if err != nil {
		return bpf.Program{}, nil, err
	}
	program, names, err := makeExact(ctx, filter, m, reemitted)
	if err != nil && failure != nil {
		err = alsoWithout(failure, err)
	}
	return program, names, err
}

// alsoWithout returns the error of a profile that cannot be enforced without libseccomp
// either. If libseccomp's failure does not last, the error must not be a refusal, which the
// cache would keep.
func alsoWithout(failure *libseccomp.Error, err error) error {
	if failure.Lasting {
		return fmt.Errorf("%w; without libseccomp: %w", failure, err)
	}
	return fmt.Errorf("%w; without libseccomp: %v", failure, err)
}

// Meaning returns what a profile means here: on the native architecture and on those that
// it lists.
func Meaning(p *seccomp.Profile) (*meaning.Meaning, error) {
	return meaningOf(p, p.Spec().Architectures)
}

func meaningOf(p *seccomp.Profile, architectures []specs.Arch) (*meaning.Meaning, error) {
	native := libseccomp.Native()
	if native == "" {
		return nil, errors.New("libseccomp does not know the native architecture")
	}
	abis := []*meaning.ABI{libseccomp.ABI(native)}
	for _, name := range architectures {
		if abi := libseccomp.ABI(name); !slices.Contains(abis, abi) {
			abis = append(abis, abi)
		}
	}
	return meaning.New(p, abis), nil
}
