package docker

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/integration/testbed"
)

const waitLimit = time.Minute

// within polls until holds returns true.
func within(holds func() bool) bool { return testbed.HoldsWithin(testbed.Patient(waitLimit), holds) }

// client is a program with docker's command line.
type client struct {
	path string
	args []string // before the command
	env  []string
	// byDefault returns a file with the default profile, which the client or its daemon has,
	// as it was given to a container.
	byDefault func(t *testing.T, container string) string
}

// run runs a command as a person does.
func (c *client) run(t *testing.T, args ...string) testbed.Result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.path, append(append([]string{}, c.args...), args...)...)
	cmd.Env = append(os.Environ(), c.env...)
	result, err := testbed.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// must runs a command that must succeed, and returns its output.
func (c *client) must(t *testing.T, args ...string) string {
	t.Helper()
	result := c.run(t, args...)
	if result.ExitCode != 0 {
		t.Fatalf("%s %q: exit code %d: %s%s", filepath.Base(c.path), args, result.ExitCode, result.Stdout, result.Stderr)
	}
	return strings.TrimSpace(result.Stdout)
}

// refused runs a command that must end with the code, and say why.
func (c *client) refused(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	result := c.run(t, args...)
	if result.ExitCode != code || !strings.Contains(result.Stderr+result.Stdout, says) {
		t.Errorf("%s %q: exit code %d, want %d: %s%s", filepath.Base(c.path), args, result.ExitCode, code, result.Stdout, result.Stderr)
	}
}

// awaitText polls until a command's output has a text.
func (c *client) awaitText(t *testing.T, text string, args ...string) {
	t.Helper()
	var last testbed.Result
	if !within(func() bool {
		last = c.run(t, args...)
		return strings.Contains(last.Stdout+last.Stderr, text)
	}) {
		t.Fatalf("%s %q does not show %q: %+v", filepath.Base(c.path), args, text, last)
	}
}

// mustRunUnder reads the filter of a container back from the kernel: it must decide each call
// as the profile says.
func (c *client) mustRunUnder(t *testing.T, container, profile string) {
	t.Helper()
	pid := c.must(t, "inspect", "-f", "{{.State.Pid}}", container)
	cmd := exec.CommandContext(t.Context(), filepath.Join(testbed.BinDir(), "seccompctl"), "inspect", "--pid", pid, "--profile", profile)
	result, err := testbed.Run(cmd)
	if err != nil || result.ExitCode != 0 || !regexp.MustCompile(`(?m)^equal:\s+true$`).MatchString(result.Stdout) {
		t.Errorf("%s under %s: %v, %s%.400s", container, profile, err, result.Stderr, result.Stdout)
	}
}

// nerdctl returns the client, or skips the test.
func nerdctl(t *testing.T) *client {
	t.Helper()
	path := os.Getenv(nerdctlEnv)
	if path == "" {
		t.Skip("needs nerdctl: make test-docker NERDCTL=PATH")
	}
	c := &client{path: path, args: []string{
		"--address", node.Address(), "--namespace", node.Namespace(), "--snapshotter", node.Snapshotter(), "--cgroup-manager", "cgroupfs",
		"--cni-path", testbed.CNIPlugins, "--cni-netconfpath", filepath.Join(work, "cni"), "--data-root", filepath.Join(work, "nerdctl"),
	}}
	// nerdctl has the default profile of the containerd that it was built with.
	c.byDefault = func(t *testing.T, container string) string {
		t.Helper()
		var shown []struct{ Spec specs.Spec }
		if err := json.Unmarshal([]byte(c.must(t, "inspect", "--mode", "native", container)), &shown); err != nil || len(shown) != 1 {
			t.Fatalf("nerdctl inspect: %v", err)
		}
		text, err := json.Marshal(shown[0].Spec.Linux.Seccomp)
		if err == nil {
			err = os.WriteFile(profile("nerdctl"), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return profile("nerdctl")
	}
	return c
}

// dockerd starts a daemon on the node's containerd, and returns its client. The daemon ends
// with the test.
func dockerd(t *testing.T) *client {
	t.Helper()
	programs := os.Getenv(dockerEnv)
	in := func(name string) string { return filepath.Join(work, name) }
	config := fmt.Sprintf(daemonConfig, in("options.toml"))
	log, err := os.Create(in("dockerd.log"))
	if err == nil {
		err = os.WriteFile(in("daemon.json"), []byte(config), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "dockerd"), "--config-file", in("daemon.json"),
		"--containerd", node.Address(), "--containerd-namespace", node.Namespace(), "--containerd-plugins-namespace", node.Namespace()+"-plugins",
		"--cgroup-parent", "/"+node.Namespace(), "--data-root", in("docker"), "--exec-root", in("exec"), "--pidfile", in("pid"),
		"--host", "unix://"+in("sock"))
	// Without a runc for its builds dockerd does not start. containerd's PATH has none.
	runc := filepath.Join(testbed.ModuleRoot(), "build/bench")
	cmd.Env = append(os.Environ(), "PATH="+programs+":"+runc+":"+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = waitLimit
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // its log says why it ends
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		<-done
		if t.Failed() {
			text, _ := os.ReadFile(in("dockerd.log")) // best effort
			t.Logf("dockerd:\n%s", text[max(0, len(text)-8000):])
		}
	})
	c := &client{
		path: filepath.Join(programs, "docker"), args: []string{"--host", "unix://" + in("sock")}, env: []string{"HOME=" + work},
		byDefault: func(*testing.T, string) string { return filepath.Join(programs, "default.json") },
	}
	if !within(func() bool {
		select {
		case <-done:
			t.Fatal("dockerd has ended")
		default:
		}
		return strings.Contains(c.run(t, "info", "-f", "{{.DefaultRuntime}}").Stdout, "seccomp")
	}) {
		t.Fatal("dockerd does not answer")
	}
	return c
}
