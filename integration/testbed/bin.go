package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// BinEnv is the environment variable that names the folder with the binaries
// under test. By default they are in <module root>/build/bin.
const BinEnv = "SECCOMP_SHIM_BIN"

// BinDir returns the folder with the binaries under test.
func BinDir() string {
	if dir := os.Getenv(BinEnv); dir != "" {
		return dir
	}
	return filepath.Join(ModuleRoot(), "build", "bin")
}

// ModuleRoot returns the nearest folder, from the current one upwards, that has a
// go.mod, or "." if there is none.
func ModuleRoot() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "."
		}
		dir = parent
	}
}

// ShimBinary returns the name of a runtime's shim as containerd forms it, from the last
// two parts of the dotted name.
func ShimBinary(runtime string) string {
	parts := strings.Split(runtime, ".")
	return "containerd-shim-" + strings.Join(parts[max(0, len(parts)-2):], "-")
}

// Unavailable returns why no node with these binaries of bin can run here, for t.Skip,
// or "".
func Unavailable(bin string, binaries ...string) string {
	if os.Geteuid() != 0 {
		return "needs root: a private containerd mounts file systems and makes cgroups"
	}
	for _, name := range binaries {
		if _, err := os.Stat(filepath.Join(bin, name)); err != nil {
			return fmt.Sprintf("needs %s: %v (%s names another folder)", name, err, BinEnv)
		}
	}
	return ""
}
