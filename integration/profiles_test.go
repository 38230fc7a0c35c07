package integration

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/integration/testbed"
)

// runtimeCalls are what libcontainer's init does between the load and execve,
// and Go's runtime in it meanwhile. Profiles that deny by default must list
// them, as long as the filter is loaded that early (design, "Load").
var runtimeCalls = []string{
	"clone", "clone3", "close", "close_range", "dup", "dup2", "dup3", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"eventfd2", "execve", "exit", "exit_group", "faccessat2", "fchdir", "fcntl", "fstat", "fstatfs", "futex", "getcwd",
	"getdents64", "getpid", "getppid", "gettid", "lseek", "madvise", "mmap", "mprotect", "munmap", "nanosleep",
	"newfstatat", "openat", "openat2", "pipe2", "prctl", "prlimit64", "pread64", "read", "readlinkat", "recvfrom", "recvmsg",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "sched_getaffinity", "sendmsg", "sendto",
	"setgid", "setgroups", "setuid", "capget", "capset", "sigaltstack", "statx", "tgkill", "umask", "chdir",
	"write", "fchown", "setresuid", "setresgid", "keyctl", "ioctl", "setpriority", "setrlimit", "getuid", "geteuid",
}

// programCalls are what the calls program does by itself.
var programCalls = []string{
	"arch_prctl", "set_tid_address", "set_robust_list", "brk", "open", "pause", "rt_sigtimedwait", "set_thread_area", "ppoll", "kill", "tkill",
}

// profile decodes a profile as containerd and ctr do, without any code of ours.
func profile(t *testing.T, text string) *specs.LinuxSeccomp {
	t.Helper()
	var p specs.LinuxSeccomp
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &p
}

// tutorialProfile returns one of the Kubernetes tutorial's.
func tutorialProfile(t *testing.T, name string) *specs.LinuxSeccomp {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), "integration/testdata/profiles", name))
	if err != nil {
		t.Fatal(err)
	}
	return profile(t, string(text))
}

// allowing adds a rule that lets the calls run which every container needs.
func allowing(p *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	for _, names := range [][]string{runtimeCalls, programCalls} {
		p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: names, Action: specs.ActAllow})
	}
	return p
}

// under makes a profile the container's linux.seccomp.
func under(p *specs.LinuxSeccomp) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *specs.Spec) error {
		s.Linux.Seccomp = p
		return nil
	}
}
