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
	"syscall"
	"testing"
	"time"

	"github.com/containerd/console"
	"golang.org/x/sys/unix"
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
	console.Console
	cmd  *exec.Cmd
	done chan struct{} // closed when the program has ended

	mu    sync.Mutex
	shown bytes.Buffer // guarded by mu
}

func startTerminal(t *testing.T, program string, args ...string) *terminal {
	t.Helper()
	master, path, err := console.NewPty()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	slave, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	tty := &terminal{Console: master, done: make(chan struct{}), cmd: exec.CommandContext(t.Context(), filepath.Join(k8s.programs, program), args...)}
	tty.cmd.Env = k8s.environment()
	tty.cmd.Stdin, tty.cmd.Stdout, tty.cmd.Stderr = slave, slave, slave
	tty.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := tty.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go tty.read()
	go func() {
		defer close(tty.done)
		_ = tty.cmd.Wait() // the exit code is in ProcessState
	}()
	return tty
}

// read keeps what the program shows, until the terminal has no program.
func (tty *terminal) read() {
	for buf := make([]byte, 4096); ; {
		n, err := tty.Read(buf)
		tty.mu.Lock()
		tty.shown.Write(buf[:n])
		tty.mu.Unlock()
		if err != nil {
			return
		}
	}
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
	select {
	case <-tty.done:
	case <-time.After(podTimeout):
		t.Fatalf("%s does not end; the terminal shows %q", tty.cmd.Path, tty)
	}
	return tty.cmd.ProcessState.ExitCode()
}
