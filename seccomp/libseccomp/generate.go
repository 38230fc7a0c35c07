package libseccomp

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	golang "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// optimizeAbove is the number of rules above which libseccomp is told to make a binary
// tree instead of a list. libseccomp before 2.5.5 loses the default action of a
// tree without rules (its issue 370), so it must be above zero.
const optimizeAbove = 32

// generate returns libseccomp's program for a profile, as raw bytes.
//
// A rule that libseccomp refuses takes all rules of its syscall out: the check
// finds that syscall wrong then, and it is emitted by this package.
func generate(spec *specs.LinuxSeccomp) ([]byte, error) {
	var refused []string
	for {
		raw, err := generateWithout(spec, refused)
		refusal := (*refusedRule)(nil)
		if !errors.As(err, &refusal) {
			return raw, err
		}
		// A filter cannot be trusted after a failed rule (libseccomp before 2.6.0), so
		// make a new one.
		refused = append(refused, refusal.name)
	}
}

type refusedRule struct {
	name  string
	cause error
}

func (r *refusedRule) Error() string { return r.name + ": " + r.cause.Error() }

func generateWithout(spec *specs.LinuxSeccomp, refused []string) ([]byte, error) {
	filter, err := golang.NewFilter(scmpAction(spec.DefaultAction, spec.DefaultErrnoRet))
	if err != nil {
		if spec.DefaultErrnoRet != nil {
			return nil, unsupported("defaultErrnoRet", fmt.Sprint(*spec.DefaultErrnoRet), err)
		}
		return nil, unsupported("defaultAction", string(spec.DefaultAction), err)
	}
	defer filter.Release()
	if err := configure(filter, spec); err != nil {
		return nil, err
	}
	if err := addRules(filter, spec, refused); err != nil {
		return nil, err
	}
	return export(filter)
}

func configure(filter *golang.ScmpFilter, spec *specs.LinuxSeccomp) error {
	for i, arch := range spec.Architectures {
		if err := filter.AddArch(archs[arch].scmp); errors.Is(err, unix.ENOMEM) {
			return err // not the profile's fault
		} else if err != nil {
			return unsupported(fmt.Sprintf("architectures[%d]", i), string(arch), err)
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

func addRules(filter *golang.ScmpFilter, spec *specs.LinuxSeccomp, refused []string) error {
	defaultAction := scmpAction(spec.DefaultAction, spec.DefaultErrnoRet)
	for _, rule := range spec.Syscalls {
		action := scmpAction(rule.Action, rule.ErrnoRet)
		if action == defaultAction {
			continue // libseccomp refuses a rule that changes nothing
		}
		conditions, err := scmpConditions(rule.Args)
		if err != nil {
			return err
		}
		for _, name := range rule.Names {
			if slices.Contains(refused, name) {
				continue
			}
			nr, err := golang.GetSyscallFromName(name)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := addRule(filter, nr, action, conditions); err != nil {
				return &refusedRule{name, err}
			}
		}
	}
	return nil
}

// addRule adds one rule, all of whose conditions must hold, or one rule for each condition
// if two are about the same argument: see package meaning.
func addRule(filter *golang.ScmpFilter, nr golang.ScmpSyscall, action golang.ScmpAction, conditions []golang.ScmpCondition) error {
	if len(conditions) == 0 {
		return filter.AddRule(nr, action)
	}
	if !sameArgument(conditions) {
		return filter.AddRuleConditional(nr, action, conditions)
	}
	for _, c := range conditions {
		if err := filter.AddRuleConditional(nr, action, []golang.ScmpCondition{c}); err != nil {
			return err
		}
	}
	return nil
}

func sameArgument(conditions []golang.ScmpCondition) bool {
	seen := map[uint]bool{}
	for _, c := range conditions {
		if seen[c.Argument] {
			return true
		}
		seen[c.Argument] = true
	}
	return false
}

func scmpConditions(args []specs.LinuxSeccompArg) ([]golang.ScmpCondition, error) {
	var conditions []golang.ScmpCondition
	for _, a := range args {
		c, err := golang.MakeCondition(a.Index, scmpOperators[a.Op], a.Value, a.ValueTwo)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	return conditions, nil
}

// export reads the program that libseccomp has generated.
func export(filter *golang.ScmpFilter) ([]byte, error) {
	// seccomp_export_bpf writes to a descriptor. seccomp_export_bpf_mem exists
	// only since 2.6.0, where it also copies bytes that are not the program's.
	fd, err := unix.MemfdCreate("seccomp-bpf", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "seccomp-bpf")
	defer f.Close()
	if err := filter.ExportBPF(f); err != nil {
		return nil, fmt.Errorf("generate BPF with libseccomp: %w", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// unsupported says that the installed libseccomp refuses a field's value.
func unsupported(field, value string, err error) error {
	return &seccomp.InvalidError{
		Field:  field,
		Value:  value,
		Reason: fmt.Sprintf("libseccomp %s does not support it here: %v", Version(), err),
	}
}

// Version is the version of the libseccomp in use.
func Version() string {
	major, minor, micro := golang.GetLibraryVersion()
	return fmt.Sprintf("%d.%d.%d", major, minor, micro)
}
