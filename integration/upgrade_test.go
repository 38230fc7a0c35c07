package integration

import (
	"os"
	"strings"
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
	up, err := testbed.Start(t.Context(), testbed.Options{Bin: testbed.BinDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := up.Stop(); err != nil {
			t.Error(err)
		}
	})
	must := func(code int, args ...string) string {
		t.Helper()
		got, err := up.Ctr(bounded(t), args...)
		if err != nil || got.ExitCode != code {
			t.Fatalf("containerd %s: ctr %s: %+v, %v", up.Version(), strings.Join(args, " "), got, err)
		}
		return got.Stdout
	}
	if err := up.Import(t.Context(), imageName, testbed.Rootfs{Files: programs}); err != nil {
		t.Fatal(err)
	}
	must(0, "run", "-d", "--null-io", "--runtime", runtimeName, imageName, "up", "/bin/sleep", "1000")
	before := must(0, "task", "ls", "-q") + must(0, "task", "ps", "up")
	for _, bin := range []string{next, testbed.BinDir()} {
		if err := up.Upgrade(t.Context(), bin); err != nil {
			t.Fatal(err)
		}
		if after := must(0, "task", "ls", "-q") + must(0, "task", "ps", "up"); after != before {
			t.Errorf("under containerd %s: %q, was %q", up.Version(), after, before)
		}
		must(7, "task", "exec", "--fifo-dir", up.FIFODir(), "--exec-id", "e", "up", "/bin/sh", "-c", "exit 7")
	}
	must(0, "task", "kill", "--signal", "SIGKILL", "up")
}
