package integration

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/reexec"
)

// inheritTo is the argument by which this binary writes the descriptors that it has
// inherited, and its environment, to a file.
const inheritTo = "inherit-to"

func runHeir(path string) int {
	descriptors, err := reexec.Inheritable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	environ := os.Environ()
	slices.Sort(environ)
	text := strings.Join(append(append(descriptors, "environment:"), environ...), "\n") + "\nend\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// inheritedByContainerd opens a descriptor that the node's containerd inherits from
// this process, as from a careless service manager. It is the host's root folder, the
// worst one to have in a container.
func inheritedByContainerd() (release func(), err error) {
	root, err := os.Open("/")
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// 50 is no number that a logging binary uses for its streams.
	fd, err := unix.FcntlInt(root.Fd(), unix.F_DUPFD, 50)
	if err != nil {
		return nil, err
	}
	return func() { unix.Close(fd) }, nil
}

// loggerTo returns the log URI of a logging binary that writes what it inherits to a
// file.
func loggerTo(t *testing.T, path string) string {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "binary", Path: binary, RawQuery: url.Values{inheritTo: {path}}.Encode()}).String()
}

// said waits for the output of runHeir and returns it.
func said(t *testing.T, path string) (text string) {
	t.Helper()
	awaitFile(t, path, "all", func(got string) bool {
		text = got
		return strings.HasSuffix(got, "end\n")
	})
	return text
}

// A logging binary inherits the two streams, the pipe on which it reports that it is
// ready, and two variables. The first one of a shim starts before libcontainer marks
// the shim's descriptors close-on-exec; another starts while the shim has a terminal
// that a container's init has sent.
func TestLoggerInheritsItsStreamsOnly(t *testing.T) {
	t.Parallel()
	mustInherit := func(t *testing.T, path, id string) {
		t.Helper()
		want := regexp.MustCompile(`^3 pipe:\[\d+\]\n4 pipe:\[\d+\]\n5 pipe:\[\d+\]\n` +
			`environment:\nCONTAINER_ID=` + id + `\nCONTAINER_NAMESPACE=` + node.Namespace() + `\nend\n$`)
		if got := said(t, path); !want.MatchString(got) {
			t.Errorf("it inherits:\n%s", got)
		}
	}
	t.Run("the first", func(t *testing.T) {
		t.Parallel()
		id, path := newID(t), filepath.Join(t.TempDir(), "heir")
		mustCtr(t, runArgs(id, []string{"--rm", "--log-uri", loggerTo(t, path)}, sh("true"))...)
		mustInherit(t, path, id)
	})
	t.Run("of an exec, beside a terminal", func(t *testing.T) {
		t.Parallel()
		id, path := newID(t), filepath.Join(t.TempDir(), "heir")
		hold(t, id, nil) // its streams take the shim's lowest numbers, which a logging binary's streams would hide
		tty := atTerminal(t, execArgs(id, "e1", []string{"-t"}, sh("echo holds-$((1+2)); sleep 1000")))
		tty.shown.await(t, "holds-3")
		mustCtr(t, "task", "exec", "--exec-id", "e2", "--log-uri", loggerTo(t, path), id, "/bin/true")
		mustInherit(t, path, "e2")
	})
}

// A hook inherits only its streams, in all three places where hooks run: the shim, the
// container's init, and the process that cleans up after a killed shim.
func TestHookInheritsItsStreamsOnly(t *testing.T) {
	t.Parallel()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	onHost := func(name string) []specs.Hook {
		return []specs.Hook{{Path: binary, Args: []string{binary, inheritTo, filepath.Join(dir, name)}, Env: []string{"A=1"}}}
	}
	const inside = `exec >/tmp/hook; cd /proc/$$/fd; for fd in *; do [ -e $fd ] && [ $fd -gt 2 ] && ls -l $fd; done; echo end`
	hooks := edit(func(s *oci.Spec) {
		s.Hooks = &specs.Hooks{
			//lint:ignore SA1019 old, and still what GPU runtimes use
			Prestart:        onHost("prestart"),
			CreateRuntime:   onHost("createRuntime"),
			CreateContainer: onHost("createContainer"),
			StartContainer:  []specs.Hook{{Path: "/bin/sh", Args: []string{"sh", "-c", inside}}},
			Poststart:       onHost("poststart"),
			Poststop:        onHost("poststop"),
		}
	})
	c := hold(t, newID(t), nil, hooks)
	if got := c.exec(t, sh("cat /tmp/hook")); got.stdout != "end\n" {
		t.Errorf("startContainer: %+v", got)
	}
	kill(t, shimOf(t, c.task.Pid()))
	for _, name := range []string{"prestart", "createRuntime", "createContainer", "poststart", "poststop"} {
		if got := said(t, filepath.Join(dir, name)); got != "environment:\nA=1\nend\n" {
			t.Errorf("%s inherits:\n%s", name, got)
		}
	}
}
