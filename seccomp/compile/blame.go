package compile

import (
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

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
