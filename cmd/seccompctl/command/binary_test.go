package command

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/containerd/console"
)

// No program of bytes goes to a terminal.
func TestNoBinaryToATerminal(t *testing.T) {
	needAMD64(t)
	program := t.TempDir() + "/profile.bpf"
	if err := os.WriteFile(program, process(t, "compile", "-o", "bpf", "testdata/arguments.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"compile -o bpf testdata/arguments.json", "inspect -o bpf " + program} {
		pty, path, err := console.NewPty()
		if err != nil {
			t.Fatal(err)
		}
		defer pty.Close()
		terminal, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd := exec.Command("/proc/self/exe", strings.Fields(line)...)
		cmd.Env = append(os.Environ(), toolEnv+"=1")
		cmd.Stdout, cmd.Stderr = terminal, &stderr
		err = cmd.Run()
		terminal.Close()
		written, _ := io.ReadAll(pty) // EIO at the end, because no process has the terminal open
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(stderr.String(), "-o bpf is not for a terminal") || len(written) > 0 {
			t.Errorf("%s: %v, %q, written %q", line, err, stderr.String(), written)
		}
	}
}
