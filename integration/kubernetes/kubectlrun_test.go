package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/console"

	"seccomp-shim/integration/testbed"
)

// playKubectlRun types into the shell of `kubectl run -it`, while crictl shows the profile
// that containerd has given to the shim, and the kernel shows the filter.
func playKubectlRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go k8s.scheduleAll(ctx)
	shell := startTerminal(t, "kubectl", "run", "shell", "--rm", "-it", "--restart=Never", "--image=busybox:1.35",
		`--overrides={"spec": {"runtimeClassName": "seccomp"}}`, "--", "sh")
	eventually(t, func() error {
		_, err := k8s.run("", "wait", "--for=condition=Ready", "pod/shell", "--timeout=1s")
		return err
	})
	found := inspectID(t, crictl(t, "ps", "--name=^shell$", "-q"))
	text, err := json.Marshal(found.Info.RuntimeSpec.Linux.Seccomp)
	file := filepath.Join(t.TempDir(), "shown.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err != nil || !strings.Contains(string(text), `"defaultAction":"SCMP_ACT_ERRNO"`) {
		t.Errorf("crictl inspect shows the profile %.200s, %v", text, err)
	}
	mustRunUnder(t, found.Info.PID, file)
	mustRunUnder(t, found.Info.PID, "RuntimeDefault")
	shell.typeLine(t, "unshare true; echo the code is $?")
	shell.await(t, "Operation not permitted")
	shell.await(t, "the code is 1")
	shell.typeLine(t, "exit")
	if code := shell.exitCode(t); code != 0 {
		t.Errorf("kubectl run: exit code %d: %s", code, shell)
	}
	if out := kubectl(t, "get", "pods", "--ignore-not-found", "shell"); out != "" {
		t.Errorf("kubectl run --rm leaves %s", out)
	}
}

// terminal is a program of the cluster with a terminal of its own.
type terminal struct {
	*testbed.Terminal

	mu    sync.Mutex
	shown bytes.Buffer // guarded by mu
}

func startTerminal(t *testing.T, program string, args ...string) *terminal {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(k8s.programs, program), args...)
	cmd.Env = k8s.environment()
	tty := &terminal{}
	var err error
	if tty.Terminal, err = testbed.StartAtTerminal(cmd, console.WinSize{}, show{tty}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tty.Stop() })
	return tty
}

// show keeps what a terminal shows. The terminal's own Write types.
type show struct{ tty *terminal }

func (s show) Write(p []byte) (int, error) {
	s.tty.mu.Lock()
	defer s.tty.mu.Unlock()
	return s.tty.shown.Write(p)
}

func (tty *terminal) String() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.shown.String()
}

func (tty *terminal) typeLine(t *testing.T, line string) {
	t.Helper()
	if _, err := tty.Write([]byte(line + "\n")); err != nil {
		t.Fatal(err)
	}
}

// await waits until the terminal shows a text.
func (tty *terminal) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, func() error {
		if shown := tty.String(); !strings.Contains(shown, text) {
			return fmt.Errorf("the terminal does not show %q, but %q", text, shown)
		}
		return nil
	})
}

func (tty *terminal) exitCode(t *testing.T) int {
	t.Helper()
	code, err := tty.ExitCode(podTimeout)
	if err != nil {
		t.Fatalf("%v; the terminal shows %q", err, tty)
	}
	return code
}
