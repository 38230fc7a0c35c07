package integration

import (
	"os"
	"testing"

	"seccomp-shim/integration/testbed"
)

// nextEnv names the folder of the containerd that the one under test is upgraded to.
const nextEnv = "SECCOMP_SHIM_NEXT"

// A container goes on when a newer containerd replaces the old one and calls the old
// shim, and when the old one comes back.
func TestUpgrade(t *testing.T) {
	next := os.Getenv(nextEnv)
	if next == "" {
		t.Skipf("%s names no other containerd", nextEnv)
	}
	if why := testbed.Unavailable(next, "containerd", "ctr"); why != "" {
		t.Skip(why)
	}
	up := startSeparateNode(t, testbed.BinDir())
	up.must(0, "run", "-d", "--null-io", "--runtime", runtimeName, imageName, "up", "/bin/sleep", "1000")
	before := up.must(0, "task", "ls", "-q") + up.must(0, "task", "ps", "up")
	for _, bin := range []string{next, testbed.BinDir()} {
		if err := up.Upgrade(t.Context(), bin); err != nil {
			t.Fatal(err)
		}
		if after := up.must(0, "task", "ls", "-q") + up.must(0, "task", "ps", "up"); after != before {
			t.Errorf("under containerd %s: %q, was %q", up.Version(), after, before)
		}
		up.must(7, "task", "exec", "--fifo-dir", up.FIFODir(), "--exec-id", "e", "up", "/bin/sh", "-c", "exit 7")
	}
	up.must(0, "task", "kill", "--signal", "SIGKILL", "up")
}
