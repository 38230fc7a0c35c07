package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// A report that cannot be written, because /run is full or read-only, leaves the container
// alone: its refused calls fail as its profile says, and the log says what is missing.
func TestReportThatCannotBeWritten(t *testing.T) {
	for fact, mount := range map[string]func(dir string) error{
		"full": mountFull,
		"read-only": func(dir string) error {
			return unix.Mount("tmpfs", dir, "tmpfs", unix.MS_RDONLY, "mode=0700")
		},
	} {
		t.Run(fact, func(t *testing.T) {
			n := startSeparateNode(t, testbed.BinDir())
			dir := filepath.Dir(reportPath("x"))
			dir = filepath.Join(filepath.Dir(dir), n.Namespace())
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := mount(dir); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(dir, 0); err != nil {
					t.Error(err)
				}
				os.Remove(dir)
				os.Remove(filepath.Dir(dir)) // if it was the last one
			})
			got, err := n.Ctr(bounded(t), "run", "--rm", "--fifo-dir", n.FIFODir(), "--runtime", runtimeName,
				"--annotation", "io.containerd.seccomp.v1/profile=RuntimeDefault", "--annotation", observeAs+"denials",
				imageName, "observed", "/bin/sh", "-c", "busybox unshare true; echo $?; exit 7")
			if err != nil || got.ExitCode != 7 || got.Stdout != "1\n" || !strings.Contains(got.Stderr, "Operation not permitted") {
				t.Errorf("the container: %+v, %v", got, err)
			}
			if text := n.log.String(); !strings.Contains(text, dir) {
				t.Errorf("the log does not name %s", dir)
			}
		})
	}
}
