package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// containerd's environment may hold a proxy's password or the key of a cloud. A hook
// without env has only containerd's PATH, because hooks find their tools by it. A
// startContainer hook is a program of the image and has the container's environment.
func TestHookEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const own = "OWN=of the hook"
	hooks := func(kind string) []specs.Hook {
		hook := func(name string, env []string) specs.Hook {
			script := fmt.Sprintf("exec /bin/cat /proc/self/environ >%q", filepath.Join(dir, kind+name))
			return specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: env}
		}
		return []specs.Hook{hook("", nil), hook(" with env", []string{own})}
	}
	inside := specs.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", "exec /bin/cat /proc/self/environ >/environment"}}
	c := hold(t, newID(t), nil, oci.WithEnv([]string{"OF=the container", "HOME=/"}), edit(func(s *oci.Spec) {
		s.Hooks = &specs.Hooks{
			//lint:ignore SA1019 deprecated, and in use by nvidia-container-runtime
			Prestart:        hooks("prestart"),
			CreateRuntime:   hooks("createRuntime"),
			CreateContainer: hooks("createContainer"),
			StartContainer:  []specs.Hook{inside},
			Poststart:       hooks("poststart"),
			Poststop:        hooks("poststop"),
		}
	}))
	path := "PATH=" + environment(t, shimOf(t, c.task.Pid()))["PATH"]
	got := entriesOf(c.exec(t, []string{"/bin/cat", "/environment"}).stdout)
	slices.Sort(got)
	if want := []string{"HOME=/", "OF=the container"}; len(got) != 3 || !slices.Equal(got[:2], want) || !strings.HasPrefix(got[2], "PATH=") {
		t.Errorf("startContainer: %q", got)
	}
	c.kill(t)
	for _, kind := range []string{"prestart", "createRuntime", "createContainer", "poststart", "poststop"} {
		for name, want := range map[string]string{"": path, " with env": own} {
			text, err := os.ReadFile(filepath.Join(dir, kind+name))
			if got := entriesOf(string(text)); err != nil || !slices.Equal(got, []string{want}) {
				t.Errorf("%s%s: %q, %v; want %q", kind, name, got, err, want)
			}
		}
	}
}

// environment returns the variables that a process was started with.
func environment(t *testing.T, pid int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, entry := range entriesOf(string(text)) {
		name, value, _ := strings.Cut(entry, "=")
		all[name] = value
	}
	return all
}

// entriesOf splits the text of an environ file (proc_pid_environ(5)), and leaves out
// the variables that shells add.
func entriesOf(environ string) []string {
	all := strings.FieldsFunc(environ, func(r rune) bool { return r == 0 })
	return slices.DeleteFunc(all, func(entry string) bool {
		return strings.HasPrefix(entry, "PWD=") || strings.HasPrefix(entry, "SHLVL=")
	})
}
