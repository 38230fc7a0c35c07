package testbed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// CompileC compiles a program for test containers: source is relative to the
// module's root.
func CompileC(source string, flags ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "program")
	flags = append(flags, "-static", "-Os", "-Wall", "-Wextra", "-Werror", "-o", binary, filepath.Join(ModuleRoot(), source))
	// -static needs a C library without glibc's start-up syscalls: see integration/echo.
	if out, err := exec.Command("musl-gcc", flags...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("needs musl-gcc (make deps): %w\n%s", err, out)
	}
	return os.ReadFile(binary)
}
