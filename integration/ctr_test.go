package integration

import (
	"slices"
	"strings"
	"testing"

	"github.com/containerd/console"
	"github.com/containerd/containerd/v2/version"

	"seccomp-shim/integration/testbed"
)

// ctr runs a command of containerd's own client as a person types it.
func ctr(t *testing.T, args ...string) testbed.Result {
	t.Helper()
	result, err := node.Ctr(bounded(t), args...)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// mustCtr is ctr for a command that must succeed. It returns the standard output.
func mustCtr(t *testing.T, args ...string) string {
	t.Helper()
	result := ctr(t, args...)
	if result.ExitCode != 0 {
		t.Fatalf("ctr %s: exit code %d: %s", strings.Join(args, " "), result.ExitCode, result.Stderr)
	}
	return result.Stdout
}

// needLinkedContainerd skips a test of something that the shim links from containerd,
// unless this containerd has the version that the shim links.
func needLinkedContainerd(t *testing.T) {
	t.Helper()
	if node == nil {
		return
	}
	linked, _, _ := strings.Cut(version.Version, "+") // 2.4.2+unknown
	if "v"+linked != node.Version() {
		t.Skipf("containerd is %s, the shim's is v%s", node.Version(), linked)
	}
}

// runArgs is `ctr run` of the test image under the runtime, with more flags.
func runArgs(id string, flags, command []string) []string {
	return slices.Concat([]string{"run", "--runtime", runtimeName, "--fifo-dir", node.FIFODir()},
		flags, []string{imageName, id}, command)
}

// execArgs is `ctr task exec`.
func execArgs(id, execID string, flags, command []string) []string {
	return slices.Concat([]string{"task", "exec", "--fifo-dir", node.FIFODir(), "--exec-id", execID},
		flags, []string{id}, command)
}

// sh is the command line for a shell script.
func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// terminal is a ctr with a terminal of its own.
type terminal struct {
	*testbed.Terminal
	shown *output
}

// atTerminal starts a ctr with a terminal of 90 columns and 35 rows.
func atTerminal(t *testing.T, args []string) *terminal {
	t.Helper()
	tty := &terminal{shown: &output{}}
	var err error
	tty.Terminal, err = testbed.StartAtTerminal(node.Command(t.Context(), args...), console.WinSize{Width: 90, Height: 35}, tty.shown)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Stop() })
	return tty
}

func (tty *terminal) resize(t *testing.T, width, height uint16) {
	t.Helper()
	if err := tty.Resize(console.WinSize{Width: width, Height: height}); err != nil {
		t.Fatal(err)
	}
}

func (tty *terminal) write(t *testing.T, text string) {
	t.Helper()
	if _, err := tty.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// exitCode waits until ctr exits.
func (tty *terminal) exitCode(t *testing.T) int {
	t.Helper()
	code, err := tty.ExitCode(patience)
	if err != nil {
		t.Fatalf("%v; the terminal shows %q", err, tty.shown)
	}
	return code
}
