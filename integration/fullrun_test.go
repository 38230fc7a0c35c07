package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// Where the shim's folder in /run is full, nothing is kept there: containers run under
// their profiles, each compiled again, and the log says so. The test runs alone, because all
// shims of the node use the folder.
func TestFullRun(t *testing.T) {
	n := startSeparateNode(t, testbed.BinDir())
	const dir = "/run/seccomp-shim"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := mountFull(dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	for _, id := range []string{"first", "second"} {
		got, err := n.Ctr(bounded(t), "run", "--rm", "--fifo-dir", n.FIFODir(), "--seccomp", "--runtime", runtimeName,
			imageName, id, "/bin/sh", "-c", "busybox grep Seccomp: /proc/self/status; exit 7")
		if err != nil || got.ExitCode != 7 || got.Stdout != "Seccomp:\t2\n" {
			t.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	text := n.log.String()
	for _, want := range []string{"seccomp cache", "no space left on device"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log has no %q:\n%s", want, text)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 3 { // the filler, and the folders of notes
		t.Errorf("the folder has %v (%v)", left, err)
	}
}

// mountFull mounts a file system without space on a folder. Only root can enter it.
func mountFull(dir string) error {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=4k,mode=0700"); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "filler"), make([]byte, 4096), 0o600)
}
