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

// programCalls are the calls of the calls program itself, and execve, the only call
// that a profile must allow for the runtime.
var programCalls = []string{
	"execve", "arch_prctl", "set_tid_address", "brk", "mmap", "mprotect", "munmap", "rt_sigaction", "rt_sigprocmask",
	"clone", "futex", "exit", "exit_group", "open", "openat", "read", "close", "write", "pause", "gettid", "tkill", "kill",
}

// profile decodes a profile as containerd and ctr do, without code of this repository.
func profile(t *testing.T, text string) *specs.LinuxSeccomp {
	t.Helper()
	var p specs.LinuxSeccomp
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &p
}

// tutorialProfile returns a profile of the Kubernetes tutorial.
func tutorialProfile(t *testing.T, name string) *specs.LinuxSeccomp {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), "integration/testdata/profiles", name))
	if err != nil {
		t.Fatal(err)
	}
	return profile(t, string(text))
}

// allowing adds a rule that allows the calls program to run.
func allowing(p *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: programCalls, Action: specs.ActAllow})
	return p
}

// under sets a container's linux.seccomp.
func under(p *specs.LinuxSeccomp) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *specs.Spec) error {
		s.Linux.Seccomp = p
		return nil
	}
}
