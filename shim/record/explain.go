package record

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const lockdownFile = "/sys/kernel/security/lockdown"

// explain adds what this node lacks for a recording.
func explain(err error) error { return fmt.Errorf("%w%s", err, missing(err)) }

func missing(err error) string {
	switch {
	case isLockedDown():
		return " (the kernel is locked down to confidentiality, and lets no BPF program read its memory: " + lockdownFile + ")"
	case errors.Is(err, unix.EPERM):
		return " (the shim needs CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, and before Linux 5.11 a RLIMIT_MEMLOCK of 16 MiB)"
	case errors.Is(err, unix.ENOSYS):
		return " (the kernel has no bpf(2): CONFIG_BPF_SYSCALL)"
	case errors.Is(err, unix.ENOENT):
		return " (the kernel has no such tracepoint: CONFIG_FTRACE_SYSCALLS and CONFIG_BPF_EVENTS)"
	}
	return ""
}

func isLockedDown() bool {
	text, err := os.ReadFile(lockdownFile)
	return err == nil && strings.Contains(string(text), "[confidentiality]")
}
