package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

const (
	initName = "seccomp-shim-init"
	// withoutInitFile is what a shim logs that has not found its init.
	withoutInitFile = "containers and execs start from the shim's own binary"
)

// shimFolder copies the shim to a folder, in which a test then changes files.
func shimFolder(t *testing.T) (shim, bin string) {
	t.Helper()
	folder := t.TempDir()
	shim = filepath.Join(folder, testbed.ShimBinary(runtimeName))
	write(t, shim, read(t, filepath.Join(testbed.BinDir(), testbed.ShimBinary(runtimeName))))
	return shim, linkBinaries(t, map[string]string{testbed.ShimBinary(runtimeName): shim})
}

// mustRunAndExec runs a container and an exec, and removes them.
func (n *separateNode) mustRunAndExec(id string) {
	n.t.Helper()
	n.must(0, "run", "-d", "--null-io", "--seccomp", "--runtime", runtimeName, imageName, id, "/bin/sleep", "1000")
	n.mustExec(id)
	n.must(0, "task", "kill", "--signal", "SIGKILL", id)
}

func (n *separateNode) mustExec(id string) {
	n.t.Helper()
	n.must(7, "task", "exec", "--fifo-dir", n.FIFODir(), "--exec-id", "e", id, "/bin/sh", "-c", "exit 7")
}

// Without a seccomp-shim-init of its build a shim works, and its log says why containers
// take longer to start.
func TestInitFileThatDoesNotFit(t *testing.T) {
	for _, row := range []struct {
		fact string
		file string // which one is at the name of seccomp-shim-init; "" for none
		want string
	}{
		{"none", "", "no such file or directory"},
		{"of another build", "seccompctl", "it is of another build"},
		{"not of Go", "http-echo", "it has no Go build ID"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			shim, bin := shimFolder(t)
			path := filepath.Join(filepath.Dir(shim), initName)
			if row.file != "" {
				write(t, path, read(t, filepath.Join(testbed.BinDir(), row.file)))
			}
			n := startSeparateNode(t, bin)
			n.mustRunAndExec("without")
			if text := n.log.String(); !strings.Contains(text, withoutInitFile) || !strings.Contains(text, path) || !strings.Contains(text, row.want) {
				t.Errorf("the log has no %q about %s:\n%s", row.want, path, text)
			}
		})
	}
}

// An upgrade replaces the files of a node one by one, while containers run. A running shim
// goes on with the seccomp-shim-init that it has opened.
func TestInitFileIsReplaced(t *testing.T) {
	shim, bin := shimFolder(t)
	path := filepath.Join(filepath.Dir(shim), initName)
	write(t, path, read(t, filepath.Join(testbed.BinDir(), initName)))
	n := startSeparateNode(t, bin)
	n.must(0, "run", "-d", "--null-io", "--seccomp", "--runtime", runtimeName, imageName, "before", "/bin/sleep", "1000")
	write(t, path, read(t, "/bin/false"))
	n.mustExec("before")
	if text := n.log.String(); strings.Contains(text, withoutInitFile) {
		t.Errorf("the shim did not find its init:\n%s", text)
	}
	n.mustRunAndExec("between")
	if text := n.log.String(); !strings.Contains(text, withoutInitFile) {
		t.Errorf("the log does not say that the init is of another build:\n%s", text)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	n.mustExec("before")
	n.must(0, "task", "kill", "--signal", "SIGKILL", "before")
}
