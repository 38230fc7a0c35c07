// Package reexec runs a test's own binary again, as the process that the test examines.
// The binary's TestMain learns from the environment what to do.
package reexec

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
)

// Start starts the binary with more environment, and with files from descriptor 3 on.
// It returns when the process has written a line. The process is killed when the test
// ends.
func Start(t *testing.T, files []*os.File, env ...string) (cmd *exec.Cmd, said string) {
	t.Helper()
	cmd = exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), env...)
	cmd.ExtraFiles = files
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if said, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("%v %q says %q: %v", cmd, env, said, err)
	}
	return cmd, said
}
