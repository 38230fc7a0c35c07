// Package steps writes the command line of the program that test containers run, and
// reads its output. The program makes system calls, each a step on its command line,
// and prints the result of each. See integration/testdata/calls.
package steps

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/syscalls"
)

// Program is the path of the program in images.
const Program = "/bin/calls"

// Build compiles the program.
func Build() ([]byte, error) { return testbed.CompileC("integration/testdata/calls/calls.c") }

// Args returns the command line of the program with these steps.
func Args(steps ...string) []string { return append([]string{Program}, steps...) }

// Call returns the step that makes a system call by the native convention.
func Call(name string, args ...uint64) string {
	return step(name, "64", number(name, libseccomp.ArchNative), args)
}

// Legacy returns the step that makes a call of 32-bit x86 by int 0x80.
func Legacy(name string, args ...uint64) string {
	return step("i386-"+name, "32", number(name, libseccomp.ArchX86), args)
}

// X32 returns the step that makes a call by the x32 convention.
func X32(name string, args ...uint64) string {
	return step("x32-"+name, "64", number(name, libseccomp.ArchAMD64)|bpf.X32Bit, args)
}

func number(name string, arch libseccomp.ScmpArch) uint32 {
	for newer, nr := range syscalls.On(specs.ArchX86_64) {
		if newer == name && nr >= 424 { // the same number on all architectures
			return nr
		}
	}
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

// Answers reads the program's output into a map from steps to results. The result of a
// system call is "ok" or the name of an errno; other results are as the program prints
// them.
func Answers(stdout string) map[string]string {
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
