package compile

import (
	"runtime"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/seccomptest"
)

// manyRules are rules about one argument of a syscall.
func manyRules(count int, names ...string) *specs.LinuxSeccomp {
	spec := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	for i := range count {
		spec.Syscalls = append(spec.Syscalls, specs.LinuxSyscall{Names: names, Action: specs.ActAllow,
			Args: []specs.LinuxSeccompArg{{Index: uint(i % 6), Value: uint64(i+1) * 7919, Op: specs.OpEqualTo}}})
	}
	return spec
}

// The memory of libseccomp's process, which a profile's author can make it use, is a
// small part of a node's. Profiles as large as the kernel takes need less.
func TestHelperMemory(t *testing.T) {
	for _, row := range []struct {
		fact string
		spec *specs.LinuxSeccomp
	}{
		{"4,000 rules of one syscall", manyRules(4000, "fchdir")},
		{"10 rules of 90 syscalls", manyRules(10, crowd...)},
		{"6 rules of 90 syscalls on 8 architectures", onArchitectures(manyRules(6, crowd...), specs.ArchX86_64, specs.ArchX86, specs.ArchX32,
			specs.ArchARM, specs.ArchAARCH64, specs.ArchMIPSEL64, specs.ArchPPC64LE, specs.ArchRISCV64)},
	} {
		if _, err := libseccomp.Compile(t.Context(), row.spec); err != nil && !strings.Contains(err.Error(), "processor time") {
			t.Errorf("%s: %v", row.fact, err)
		}
	}
	const largest = 256 << 20
	p, err := seccomp.New(seccomptest.Decoded(t, hanging))
	if err != nil {
		t.Fatal(err)
	}
	answers := make(chan error, 1)
	go func() {
		_, err := Translate(t.Context(), p)
		answers <- err
	}()
	helper, limit := limitedChild(t)
	if limit.Max > largest || limit.Cur > limit.Max {
		t.Errorf("RLIMIT_DATA is %d MiB", limit.Max>>20)
	}
	if err := unix.Kill(helper, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	<-answers
}

// limitedChild waits for this process to have a child that has limited its memory.
func limitedChild(t *testing.T) (pid int, limit unix.Rlimit) {
	t.Helper()
	pid = child(t)
	for limit.Max = unix.RLIM_INFINITY; limit.Max == unix.RLIM_INFINITY; runtime.Gosched() {
		if err := unix.Prlimit(pid, unix.RLIMIT_DATA, nil, &limit); err != nil {
			t.Fatalf("process %d ended without a limit of memory: %v", pid, err)
		}
	}
	return pid, limit
}

func onArchitectures(spec *specs.LinuxSeccomp, archs ...specs.Arch) *specs.LinuxSeccomp {
	spec.Architectures = archs
	return spec
}
