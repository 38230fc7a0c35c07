// The test is the runtime here, which only the changed libcontainer makes: see package patch.

//go:build lastact

package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	shim "seccomp-shim/shim/container"
	"seccomp-shim/shim/stdio"
)

// On a full disk a create fails with the reason and leaves nothing, at each step where
// the last byte can be missing.
func TestFullDisk(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	refused := 0
	for spare := range 8 { // spare is in pages of 4 KiB
		bundle := t.TempDir()
		if err := unix.Mount("tmpfs", bundle, "tmpfs", 0, "size=128k"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = unix.Unmount(bundle, unix.MNT_DETACH) })
		err := os.WriteFile(filepath.Join(bundle, "ballast"), make([]byte, (32-spare)<<12), 0o600)
		if err != nil && !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
		id := fmt.Sprintf("full-%d-%d", os.Getpid(), spare)
		c, err := createOn(t, bundle, id)
		if err == nil {
			_, err := c.Init().Delete(context.WithoutCancel(t.Context()))
			if err != nil {
				t.Errorf("with %d pages: delete: %v", spare, err)
			}
		} else {
			refused++
			if !strings.Contains(err.Error(), "no space left") {
				t.Errorf("with %d pages: %v", spare, err)
			}
		}
		if _, err := os.Stat(filepath.Join(bundle, "state")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("with %d pages: the state is left: %v", spare, err)
		}
		if left, _ := filepath.Glob("/sys/fs/cgroup/*/" + id); len(left) > 0 {
			t.Errorf("with %d pages: left: %v", spare, left)
		}
	}
	if refused == 0 || refused == 8 {
		t.Errorf("%d of 8 are refused: the sizes are not near the need", refused)
	}
}

func createOn(t *testing.T, bundle, id string) (*shim.Container, error) {
	t.Helper()
	rootfs := t.TempDir()
	for _, folder := range []string{"bin", "proc"} {
		if err := os.Mkdir(filepath.Join(rootfs, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(rootfs, "bin/busybox"), busybox, 0o755); err != nil {
		t.Fatal(err)
	}
	streams, err := stdio.Open(stdio.Streams{}, stdio.Owner{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return shim.Create(t.Context(), shim.Config{
		ID:     id,
		Bundle: bundle,
		Spec: &specs.Spec{
			Root:    &specs.Root{Path: rootfs},
			Process: &specs.Process{Args: []string{"/bin/busybox", "true"}, Cwd: "/"},
			Mounts:  []specs.Mount{{Destination: "/proc", Type: "proc", Source: "proc"}},
			Linux:   &specs.Linux{CgroupsPath: "/" + id, Namespaces: []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}}},
		},
	}, streams, noShim{})
}
