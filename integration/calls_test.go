package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/testbed"
)

// buildC compiles a program for test containers.
func buildC(source string, flags ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "program")
	flags = append(flags, "-static", "-Os", "-Wall", "-Wextra", "-Werror", "-o", binary, filepath.Join(testbed.ModuleRoot(), source))
	// -static needs a C library without glibc's start-up syscalls: see integration/echo.
	if out, err := exec.Command("musl-gcc", flags...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("needs musl-gcc (make deps): %w\n%s", err, out)
	}
	return os.ReadFile(binary)
}

// calls is the command line of the program with these steps.
func calls(steps ...string) []string {
	return append([]string{"/bin/calls"}, steps...)
}

// call is the step that makes a system call by the native convention.
func call(name string, args ...uint64) string {
	return step(name, "64", number(name, libseccomp.ArchNative), args)
}

// legacy is the step that makes a call of 32-bit x86 by int 0x80.
func legacy(name string, args ...uint64) string {
	return step("i386-"+name, "32", number(name, libseccomp.ArchX86), args)
}

// x32 is the step that makes a call by the x32 convention.
func x32(name string, args ...uint64) string {
	return step("x32-"+name, "64", number(name, libseccomp.ArchAMD64)|bpf.X32Bit, args)
}

func number(name string, arch libseccomp.ScmpArch) uint32 {
	nr, err := libseccomp.GetSyscallFromNameByArch(name, arch)
	if err != nil || nr < 0 {
		panic(fmt.Sprintf("no number of %s on %s: %v", name, arch, err))
	}
	return uint32(nr)
}

func step(name, convention string, nr uint32, args []uint64) string {
	text := fmt.Sprintf("%s@%s:%d", name, convention, nr)
	for _, arg := range args {
		text += fmt.Sprintf(",%#x", arg)
	}
	return text
}

// answers reads what the calls program said: step -> result. Results of system
// calls are "ok" or an error's name, the others are as the program says them.
func answers(stdout string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(stdout) {
		step, result, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
		if !ok {
			continue
		}
		if strings.Contains(step, "@") {
			result = resultName(result)
		}
		found[step] = result
	}
	return found
}

func resultName(result string) string {
	n, err := strconv.ParseInt(result, 10, 64)
	switch {
	case err != nil:
		return result
	case n >= 0 || n < -4095:
		return "ok"
	}
	if name := unix.ErrnoName(unix.Errno(-n)); name != "" {
		return name
	}
	return fmt.Sprintf("errno %d", -n)
}

// mustAnswer compares what the calls program, run as who, said with what it
// should have.
func mustAnswer(t *testing.T, who, stdout string, want map[string]string) {
	t.Helper()
	got := answers(stdout)
	for step, result := range want {
		if got[step] != result {
			t.Errorf("%s: %s: got %q, want %q", who, step, got[step], result)
		}
	}
}

// expectation is what a call should come to.
type expectation struct{ step, want string }

// split returns the steps, and what each should come to.
func split(all []expectation) (steps []string, want map[string]string) {
	want = map[string]string{}
	for _, e := range all {
		steps = append(steps, e.step)
		if e.want != "" {
			want[e.step] = e.want
		}
	}
	return steps, want
}
