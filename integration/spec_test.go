package integration

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// edit changes a container's spec.
func edit(change func(*oci.Spec)) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		change(s)
		return nil
	}
}

// libcontainer applies the settings of the OCI spec. The test checks them from inside
// the container.
func TestSpecIsKept(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact   string
		change func(*oci.Spec)
		script string
		want   string
	}{
		{"masked paths", func(s *oci.Spec) { s.Linux.MaskedPaths = []string{"/proc/version", "/proc/tty"} },
			"cat /proc/version; echo /proc/tty/*", "/proc/tty/*\n"},
		{"readonly paths", func(s *oci.Spec) { s.Linux.ReadonlyPaths = []string{"/proc/sys"} },
			"echo 1 >/proc/sys/kernel/panic || echo refused", "refused\n"},
		{"a readonly root", func(s *oci.Spec) { s.Root.Readonly = true },
			"echo 1 >/new || echo refused", "refused\n"},
		{"a cgroup namespace", namespaced(specs.CgroupNamespace),
			"busybox grep -c ':/$' /proc/self/cgroup >/dev/null && busybox grep -v ':/$' /proc/self/cgroup; echo end", "end\n"},
		{"a time namespace", func(s *oci.Spec) {
			namespaced(specs.TimeNamespace)(s)
			s.Linux.TimeOffsets = map[string]specs.LinuxTimeOffset{"boottime": {Secs: 1e9}}
		}, "read up idle </proc/uptime; [ ${up%.*} -ge 1000000000 ] && echo later", "later\n"},
		{"a host name", func(s *oci.Spec) { s.Hostname = "named" }, "busybox hostname", "named\n"},
		{"limits", func(s *oci.Spec) {
			s.Process.Rlimits = []specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: 77, Hard: 88}}
		}, "ulimit -Sn; ulimit -Hn", "77\n88\n"},
		{"a sysctl", func(s *oci.Spec) { s.Linux.Sysctl = map[string]string{"kernel.msgmax": "4096"} },
			"cat /proc/sys/kernel/msgmax", "4096\n"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			if got := execute(t, sh(row.script), edit(row.change), under(profile(t, actionRules))); got.stdout != row.want {
				t.Errorf("got %+v, want %q", got, row.want)
			}
		})
	}
}

func namespaced(ns specs.LinuxNamespaceType) func(*oci.Spec) {
	return func(s *oci.Spec) {
		s.Linux.Namespaces = append(s.Linux.Namespaces, specs.LinuxNamespace{Type: ns})
	}
}

// Hooks run in runc's order: poststart with the create, where the OCI spec has it after
// the start. None of them is under the profile, which would kill a shell.
func TestHooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hook := func(name, folder string) []specs.Hook {
		// The container's state comes on stdin.
		return []specs.Hook{{Path: "/bin/sh", Args: []string{"sh", "-c", "cat >/dev/null; echo " + name + " >>" + folder + "/log"}, Env: []string{"PATH=/bin:/usr/bin"}}}
	}
	id := newID(t)
	c := hold(t, id, nil, under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["fork","vfork","clone","clone3","dup2"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)),
		edit(func(s *oci.Spec) {
			s.Mounts = append(s.Mounts, specs.Mount{Destination: "/hooks", Source: dir, Type: "bind", Options: []string{"rbind"}})
			s.Hooks = &specs.Hooks{
				//lint:ignore SA1019 old, and still what GPU runtimes use
				Prestart:        hook("prestart", dir),
				CreateRuntime:   hook("createRuntime", dir),
				CreateContainer: hook("createContainer", dir),
				StartContainer:  hook("startContainer", "/hooks"),
				Poststart:       hook("poststart", dir),
				Poststop:        hook("poststop", dir),
			}
		}))
	c.kill(t)
	text, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"prestart", "createRuntime", "createContainer", "poststart", "startContainer", "poststop"}
	if got := strings.Fields(string(text)); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A container is refused if one of its hooks fails.
func TestHookThatFails(t *testing.T) {
	t.Parallel()
	fail := []specs.Hook{{Path: "/bin/false"}}
	for name, hooks := range map[string]*specs.Hooks{
		"createRuntime":   {CreateRuntime: fail},
		"createContainer": {CreateContainer: fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := create(t, newID(t), calls("hold"), edit(func(s *oci.Spec) { s.Hooks = hooks }))
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("create: %v", err)
			}
		})
	}
}

// The handler's options say who owns the pipes, so that a process of another user can
// open /dev/stdout.
func TestOwnerOfStreams(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := newContainerWith(t, id, &runtimeoptions.Options{ConfigBody: []byte("IoUid = 1000\nIoGid = 1001")},
		sh("busybox stat -L -c '%u %g' /proc/self/fd/1; echo reopened >/proc/self/fd/1"), oci.WithUserID(1000))
	out := &output{}
	task, err := c.NewTask(bounded(t), toStreams(nil, out, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	out.await(t, "1000 1001\nreopened\n")
}
