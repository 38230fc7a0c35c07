package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// `ctr plugins inspect-runtime` shows the output of the shim's -info.
func TestInspectRuntime(t *testing.T) {
	t.Parallel()
	needFeatures(t)
	var info struct {
		Name     string
		Features features.Features
	}
	text := mustCtr(t, "plugins", "inspect-runtime", "--runtime", runtimeName)
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		t.Fatal(err)
	}
	linux := info.Features.Linux
	if info.Name != runtimeName || linux == nil || linux.Seccomp == nil || !slices.Contains(linux.Seccomp.Actions, "SCMP_ACT_NOTIFY") {
		t.Errorf("ctr shows %s", text)
	}
}

// The CRI plugin asks for the features of a handler, with the handler's options.
func TestCRIFindsFeatures(t *testing.T) {
	t.Parallel()
	needFeatures(t)
	if !node.CRIAsksForFeatures() {
		t.Skipf("containerd %s asks only runc's shim", node.Version())
	}
	log := &output{}
	cri, err := testbed.Start(t.Context(), testbed.Options{
		Bin:      testbed.BinDir(),
		Log:      log,
		LogLevel: "debug",
		CRI:      true,
		Config: `[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.seccomp]
  runtime_type = "io.containerd.seccomp.v1"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.seccomp.options]
    SystemdCgroup = true
    unset_profile = "RuntimeDefault"
`,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("containerd's log:\n%s", log)
		}
		if err := cri.Stop(); err != nil {
			t.Error(err)
		}
	})
	log.await(t, `runtime \"seccomp\" supports recursive read-only mounts`)
	log.await(t, `runtime \"seccomp\" supports CRI userns: true`)
}

// needFeatures skips a test for containerd 1.x, which does not ask for features.
func needFeatures(t *testing.T) {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	if !node.AsksForFeatures() {
		t.Skipf("containerd %s does not ask for features", node.Version())
	}
}

// A recursive read-only mount makes the mounts below it read-only too.
func TestRecursiveReadOnlyMount(t *testing.T) {
	t.Parallel()
	id := newID(t)
	outer := t.TempDir()
	inner := filepath.Join(outer, "inner")
	if err := os.Mkdir(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", inner, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(inner, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	c := launch(t, id, sh(`echo x >/ro/inner/f; echo x >/rro/inner/f; exit 0`), oci.WithMounts([]specs.Mount{
		{Type: "bind", Source: outer, Destination: "/ro", Options: []string{"rbind", "ro"}},
		{Type: "bind", Source: outer, Destination: "/rro", Options: []string{"rbind", "rro"}},
	}))
	if got := c.end(t); strings.Contains(got.stderr, "/ro/inner/f") || !strings.Contains(got.stderr, "/rro/inner/f: Read-only file system") {
		t.Errorf("got %+v", got)
	}
}

// An idmapped mount shows root's files of the host as root's files in a user namespace.
func TestUserNamespaceWithIDMappedMount(t *testing.T) {
	t.Parallel()
	id := newID(t)
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "f"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	maps := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 100000, Size: 65536}}
	c := launch(t, id, sh(`cd /mnt; stat -c %u plain/f mapped/f; echo x >mapped/new && stat -c %u mapped/new; sleep 1000`),
		oci.WithUserNamespace(maps, maps), oci.WithMounts([]specs.Mount{
			{Type: "bind", Source: source, Destination: "/mnt/plain", Options: []string{"rbind"}},
			{Type: "bind", Source: source, Destination: "/mnt/mapped", Options: []string{"rbind"}, UIDMappings: maps, GIDMappings: maps},
		}))
	c.stdout.await(t, "65534\n0\n0\n")
	if got := strings.Fields(statusField(t, c.task.Pid(), "Uid"))[0]; got != "100000" {
		t.Errorf("init is user %s outside", got)
	}
	if info, err := os.Stat(filepath.Join(source, "new")); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("the new file is not root's: %v", err)
	}
	c.kill(t)
}
