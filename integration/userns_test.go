package integration

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// hostID is the uid on the host of root in a user namespace.
const hostID = 100000

var mapping = []specs.LinuxIDMapping{{ContainerID: 0, HostID: hostID, Size: 65536}}

// In a user namespace, a load of a filter without no_new_privs needs CAP_SYS_ADMIN in
// that namespace (seccomp_prepare_filter asks ns_capable of current_user_ns). Init and
// exec'd processes have it until execve, also for other users.
func TestUserNamespace(t *testing.T) {
	t.Parallel()
	asEachUser(t, func(t *testing.T, uid uint32, noNewPrivs string, opts []oci.SpecOpts) {
		steps := []string{"status", call("getpgid", 0)}
		want := map[string]string{"Seccomp": "2", "NoNewPrivs": noNewPrivs, call("getpgid", 0): "EPERM"}
		c := launchInUserNamespace(t, calls(append(steps, "hold")...), opts...)
		c.stdout.await(t, "hold -> waiting")
		mustAnswer(t, "init", c.stdout.String(), want)
		mustAnswer(t, "an exec", c.exec(t, calls(steps...)).stdout, want)
		wantUID := strconv.Itoa(hostID + int(uid))
		if got, _, _ := strings.Cut(statusField(t, c.task.Pid(), "Uid"), "\t"); got != wantUID {
			t.Errorf("init's user on the host is %s, want %s", got, wantUID)
		}
		for _, field := range []string{"CapEff", "CapPrm"} {
			if caps := statusField(t, c.task.Pid(), field); uid != 0 && caps != "0000000000000000" {
				t.Errorf("%s is %s: the capability to load has stayed", field, caps)
			}
		}
	})
}

// A bind mount with the namespace's mapping shows root's files as root's. One without
// shows them as nobody's.
func TestIdmappedMount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := launchInUserNamespace(t, sh("busybox stat -c %u /mapped /plain"), under(profile(t, actionRules)),
		edit(func(s *oci.Spec) {
			s.Mounts = append(s.Mounts,
				specs.Mount{Destination: "/plain", Source: dir, Type: "bind", Options: []string{"rbind"}},
				specs.Mount{Destination: "/mapped", Source: dir, Type: "bind", Options: []string{"rbind", "idmap"},
					UIDMappings: mapping, GIDMappings: mapping})
		}))
	if got := c.end(t); got.stdout != "0\n65534\n" {
		t.Errorf("got %+v", got)
	}
}

// remapping is held during the copy of the image, because the client cannot make two at
// once.
var remapping sync.Mutex

// launchInUserNamespace launches a container whose root is an unprivileged user on the
// host. Its root file system is a copy of the image that belongs to that user.
func launchInUserNamespace(t *testing.T, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	return launchInUserNamespaceWith(t, &runtimeoptions.Options{ConfigPath: options}, args, opts...)
}

func launchInUserNamespaceWith(t *testing.T, handler *runtimeoptions.Options, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	id := newID(t)
	all := []oci.SpecOpts{oci.WithImageConfig(image), oci.WithProcessArgs(args...), oci.WithDefaultPathEnv, oci.WithUserNamespace(mapping, mapping)}
	remapping.Lock()
	made, err := client.NewContainer(bounded(t), id,
		containerd.WithSnapshotter(node.Snapshotter()),
		containerd.WithUserNSRemappedSnapshot(id, image, mapping, mapping),
		containerd.WithNewSpec(append(all, opts...)...),
		containerd.WithRuntime(runtimeName, handler))
	remapping.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	c := &container{Container: made, stdout: &output{}, stderr: &output{}}
	if c.task, err = c.NewTask(bounded(t), toStreams(nil, c.stdout, c.stderr)); err != nil {
		if strings.Contains(err.Error(), "runtime features") {
			t.Skipf("containerd asks -info for features first: %v", err)
		}
		t.Fatalf("create: %v", err)
	}
	if c.exits, err = c.task.Wait(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := c.task.Start(bounded(t)); err != nil {
		t.Fatalf("start: %v", err)
	}
	return c
}
