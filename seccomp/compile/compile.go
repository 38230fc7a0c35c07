package compile

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

// Result is a compiled profile.
type Result struct {
	Program bpf.Program
	// Skipped are the syscalls, sorted, which the profile allows and libseccomp
	// does not know. They fail with ENOSYS or by the default action.
	Skipped []string
}

// optimizeAbove is the number of rules above which libseccomp makes a binary
// tree instead of a list. libseccomp before 2.5.5 loses the default action of a
// tree without rules (its issue 370), so it must be above zero.
const optimizeAbove = 32

// Compile compiles a profile for the architecture and the libseccomp that this
// program runs on. The error is a [*seccomp.InvalidError] where a field is to blame.
func Compile(p *seccomp.Profile) (*Result, error) {
	spec := p.Spec()
	if err := checkNotify(spec); err != nil {
		return nil, err
	}
	filter, err := newFilter(spec)
	if err != nil {
		return nil, err
	}
	defer filter.Release()
	skipped, err := addRules(filter, spec)
	if err != nil {
		return nil, err
	}
	program, err := export(filter)
	if err != nil {
		return nil, err
	}
	program, err = withEnosys(program, spec)
	if err != nil {
		return nil, err
	}
	return &Result{Program: program, Skipped: skipped}, nil
}

// checkNotify refuses what cannot work while libcontainer loads the filter
// itself: its init writes the listener's descriptor number to its parent under
// the filter, before anybody can answer a notification.
func checkNotify(spec *specs.LinuxSeccomp) error {
	const reason = "the listener could not be handed over: the container's init must write its number under the filter"
	if spec.DefaultAction == specs.ActNotify {
		return &seccomp.InvalidError{Field: "defaultAction", Value: string(spec.DefaultAction), Reason: reason}
	}
	for i, rule := range spec.Syscalls {
		if j := slices.Index(rule.Names, "write"); j >= 0 && rule.Action == specs.ActNotify {
			return &seccomp.InvalidError{Field: fmt.Sprintf("syscalls[%d].names[%d]", i, j), Value: "write", Reason: reason}
		}
	}
	return nil
}

func newFilter(spec *specs.LinuxSeccomp) (*libseccomp.ScmpFilter, error) {
	filter, err := libseccomp.NewFilter(scmpAction(spec.DefaultAction, spec.DefaultErrnoRet))
	if err != nil {
		return nil, unsupported("defaultAction", string(spec.DefaultAction), err)
	}
	if err := configure(filter, spec); err != nil {
		filter.Release()
		return nil, err
	}
	return filter, nil
}

func configure(filter *libseccomp.ScmpFilter, spec *specs.LinuxSeccomp) error {
	for i, arch := range spec.Architectures {
		if err := filter.AddArch(archs[arch].scmp); err != nil {
			return unsupported(fmt.Sprintf("architectures[%d]", i), string(arch), err)
		}
	}
	for i, flag := range spec.Flags {
		if err := setFlag(filter, flag); err != nil {
			return unsupported(fmt.Sprintf("flags[%d]", i), string(flag), err)
		}
	}
	names := 0
	for _, rule := range spec.Syscalls {
		names += len(rule.Names)
	}
	if names > optimizeAbove {
		if err := filter.SetOptimize(2); err != nil {
			return fmt.Errorf("set libseccomp's optimization level: %w", err)
		}
	}
	return nil
}

func setFlag(filter *libseccomp.ScmpFilter, flag specs.LinuxSeccompFlag) error {
	switch flag {
	case specs.LinuxSeccompFlagLog:
		return filter.SetLogBit(true)
	case specs.LinuxSeccompFlagSpecAllow:
		return filter.SetSSB(true)
	case specs.LinuxSeccompFlagWaitKillableRecv:
		return filter.SetWaitKill(true)
	}
	return nil // TSYNC: one thread survives execve
}

// unsupported says that the installed libseccomp refuses a field's value.
func unsupported(field, value string, err error) error {
	major, minor, micro := libseccomp.GetLibraryVersion()
	return &seccomp.InvalidError{
		Field:  field,
		Value:  value,
		Reason: fmt.Sprintf("libseccomp %d.%d.%d does not support it here: %v", major, minor, micro, err),
	}
}

// export reads the program that libseccomp has generated.
func export(filter *libseccomp.ScmpFilter) (bpf.Program, error) {
	// seccomp_export_bpf writes to a descriptor. seccomp_export_bpf_mem exists
	// only since 2.6.0, where it also copies bytes that are not the program's.
	fd, err := unix.MemfdCreate("seccomp-bpf", unix.MFD_CLOEXEC)
	if err != nil {
		return bpf.Program{}, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "seccomp-bpf")
	defer f.Close()
	if err := filter.ExportBPF(f); err != nil {
		return bpf.Program{}, fmt.Errorf("generate BPF with libseccomp: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return bpf.Program{}, err
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return bpf.Program{}, err
	}
	program, err := bpf.Decode(raw)
	if err != nil {
		return bpf.Program{}, fmt.Errorf("libseccomp's program: %w", err)
	}
	return program, nil
}
