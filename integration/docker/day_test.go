package docker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// daemonConfig is a daemon.json, as docs/docker.md shows it: the runtime, and one with a file
// of options.
const daemonConfig = `{
  "runtimes": {
    "seccomp": {"runtimeType": "io.containerd.seccomp.v1"},
    "seccomp-options": {
      "runtimeType": "io.containerd.seccomp.v1",
      "options": {"TypeUrl": "runtimeoptions.v1.Options", "ConfigPath": %q}
    }
  },
  "default-runtime": "seccomp"
}
`

// A container's day with docker. Its daemon knows the runtime by its type, and by names with
// options in daemon.json.
func TestDocker(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Cleanup(func() { mustBeGone(t) }) // after the daemon has ended
	c := dockerd(t)
	c.must(t, "import", filepath.Join(work, "busybox.tar"), imageName)
	playDay(t, c)
	t.Run("options", func(t *testing.T) {
		c.refused(t, 1, "Operation not permitted", "run", "--rm", "--runtime", "seccomp-options", "--security-opt", "seccomp=unconfined", imageName, "mkdir", "/new")
		c.refused(t, 1, "Operation not permitted", "run", "--rm", "--runtime", "seccomp-options", "--privileged", imageName, "mkdir", "/new")
	})
	t.Run("default runtime", func(t *testing.T) {
		if got := c.must(t, "run", "-d", "--name", "plain", imageName, "sleep", "1000"); got == "" {
			t.Error("no id")
		}
		c.mustRunUnder(t, "plain", c.byDefault(t, "plain"))
		if got := c.must(t, "inspect", "-f", "{{.HostConfig.Runtime}}", "plain"); got != "seccomp" {
			t.Errorf("the runtime is %s", got)
		}
		c.must(t, "rm", "-f", "plain")
	})
}

// A container's day with nerdctl, and two containers by its compose.
func TestNerdctl(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	t.Cleanup(func() { mustBeGone(t) })
	c := nerdctl(t)
	c.must(t, "import", filepath.Join(work, "busybox.tar"), imageName)
	playDay(t, c)
	t.Run("compose", func(t *testing.T) { playCompose(t, c) })
}

// playDay does with containers what people do, with the options that the clients share.
func playDay(t *testing.T, c *client) {
	run := []string{"run", "--rm", "--runtime", runtimeName}
	in := func(args ...string) []string { return append(append([]string{}, run...), args...) }
	t.Run("run", func(t *testing.T) {
		if got := c.must(t, in(imageName, "grep", "Seccomp:", "/proc/self/status")...); got != "Seccomp:\t2" {
			t.Errorf("by default: %q", got)
		}
		if got := c.must(t, in("--security-opt", "seccomp=unconfined", imageName, "grep", "Seccomp:", "/proc/self/status")...); got != "Seccomp:\t0" {
			t.Errorf("unconfined: %q", got)
		}
		byAnnotation := in("--security-opt", "seccomp=unconfined", "--annotation", "io.containerd.seccomp.v1/profile=RuntimeDefault",
			imageName, "grep", "Seccomp:", "/proc/self/status")
		if got := c.must(t, byAnnotation...); got != "Seccomp:\t2" {
			t.Errorf("under the profile of an annotation: %q", got)
		}
		underFile := "seccomp=" + profile("no-mkdir")
		c.refused(t, 1, "Operation not permitted", in("--security-opt", underFile, imageName, "mkdir", "/new")...)
		c.refused(t, 7, "", in("--security-opt", underFile, imageName, "sh", "-c", "exit 7")...)
		c.refused(t, 159, "", in("--security-opt", underFile, imageName, "sync")...) // 128 and SIGSYS
	})
	t.Run("a service", func(t *testing.T) { playService(t, c) })
	t.Run("two containers", func(t *testing.T) {
		c.must(t, "network", "create", "pair")
		c.must(t, "run", "-d", "--name", "server", "--runtime", runtimeName, "--network", "pair", imageName,
			"sh", "-c", "echo served >/tmp/index.html; exec httpd -f -p 8080 -h /tmp")
		asks := "until wget -q -O - http://server:8080/; do sleep 0.2; done; mkdir /new"
		c.refused(t, 1, "served", in("--network", "pair", "--security-opt", "seccomp="+profile("no-mkdir"), imageName, "timeout", "60", "sh", "-c", asks)...)
		c.must(t, "rm", "-f", "server")
		c.must(t, "network", "rm", "pair")
	})
}

// playService plays the life of a container that runs in the background.
func playService(t *testing.T, c *client) {
	ticks := func() int { return strings.Count(c.must(t, "logs", "day"), "tick") }
	c.must(t, "run", "-d", "--name", "standard", "--runtime", runtimeName, imageName, "sleep", "1000")
	c.mustRunUnder(t, "standard", c.byDefault(t, "standard"))
	c.must(t, "rm", "-f", "standard")

	c.must(t, "run", "-d", "--name", "day", "--runtime", runtimeName, "--security-opt", "seccomp="+profile("no-mkdir"),
		imageName, "sh", "-c", "while :; do echo tick; sleep 0.2; done")
	c.mustRunUnder(t, "day", profile("no-mkdir"))
	c.refused(t, 1, "Operation not permitted", "exec", "day", "mkdir", "/new")
	c.awaitText(t, "tick", "logs", "day")
	if got := c.must(t, "stats", "--no-stream", "--format", "{{.MemUsage}}", "day"); got == "" || strings.HasPrefix(got, "0B /") {
		t.Errorf("stats: memory %q", got)
	}
	if got := c.must(t, "top", "day"); !strings.Contains(got, "echo tick") {
		t.Errorf("top: %s", got)
	}
	c.must(t, "pause", "day")
	c.awaitText(t, "paused", "inspect", "-f", "{{.State.Status}}", "day")
	before := ticks()
	time.Sleep(time.Second)
	if after := ticks(); after > before+1 { // one may have been on its way
		t.Errorf("paused, it has written %d lines", after-before)
	}
	c.must(t, "unpause", "day")
	if !within(func() bool { return ticks() > before+1 }) {
		t.Error("unpaused, it writes nothing")
	}
	c.must(t, "rm", "-f", "day")
	if got := c.must(t, "ps", "-a", "-q"); got != "" {
		t.Errorf("left: %s", got)
	}
}

const composeFile = `services:
  server:
    image: busybox:1.37
    runtime: io.containerd.seccomp.v1
    command: ["sh", "-c", "echo served >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
    stop_grace_period: 1s
  asker:
    image: busybox:1.37
    runtime: io.containerd.seccomp.v1
    security_opt: ["seccomp=PROFILE"]
    command: ["sh", "-c", "until wget -q -O - http://server:8080/; do sleep 0.2; done; mkdir /new; sleep 1000"]
    stop_grace_period: 1s
`

func playCompose(t *testing.T, c *client) {
	file := filepath.Join(work, "compose.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(composeFile, "PROFILE", profile("no-mkdir"), 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	compose := []string{"compose", "-f", file}
	c.must(t, append(compose, "up", "-d")...)
	c.awaitText(t, "served", append(compose, "logs")...)
	c.awaitText(t, "can't create directory '/new': Operation not permitted", append(compose, "logs")...)
	c.must(t, append(compose, "down")...)
}

// mustBeGone fails if anything is left of the containers.
func mustBeGone(t *testing.T) {
	t.Helper()
	var left []string
	if !within(func() bool { left = node.AwaitGone(""); return len(left) == 0 }) {
		t.Errorf("left behind: %q", left)
	}
}
