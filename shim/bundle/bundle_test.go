package bundle

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/api/types"
	"github.com/containerd/errdefs"
)

func TestConfig(t *testing.T) {
	if _, err := Dir("bundle").Config(); !errdefs.IsInvalidArgument(err) || !strings.Contains(err.Error(), `"bundle"`) {
		t.Errorf("a relative path: %v", err)
	}
	if _, err := Dir(t.TempDir()).Config(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no config.json: %v", err)
	}
}

func TestAnnotations(t *testing.T) {
	for _, row := range []struct{ fact, config, want, says string }{
		{"one", `{"annotations":{"k":"v"},"linux":[]}`, "v", ""},
		{"none", `{}`, "", ""},
		{"another form", `{"annotations":[]}`, "", "/config.json: annotations: a JSON array"},
	} {
		d := Dir(t.TempDir())
		if err := os.WriteFile(filepath.Join(string(d), "config.json"), []byte(row.config), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := d.Annotations()
		if got["k"] != row.want || (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v, %v", row.fact, got, err)
		}
	}
}

func TestAddress(t *testing.T) {
	d := Dir(t.TempDir())
	if _, err := d.Address(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("none is noted: %v", err)
	}
	if err := d.WriteAddress("unix:///s"); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Address(); got != "unix:///s" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A rootfs is unmounted by its undo, by UnmountRootfs, and after a mount that fails
// halfway; one that the client mounted itself survives an undo.
func TestRootfs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	tmpfs := &types.Mount{Type: "tmpfs", Source: "tmpfs"}
	wrong := &types.Mount{Type: "no-such-type", Source: "none"}
	for _, row := range []struct {
		fact   string
		mounts []*types.Mount
		fails  bool
	}{
		{"one mount", []*types.Mount{tmpfs}, false},
		{"two mounts", []*types.Mount{tmpfs, tmpfs}, false},
		{"the second fails", []*types.Mount{tmpfs, wrong}, true},
	} {
		d := Dir(t.TempDir())
		undo, err := d.MountRootfs(row.mounts)
		if (err != nil) != row.fails {
			t.Fatalf("%s: %v", row.fact, err)
		}
		if err == nil {
			if !isMount(t, d) {
				t.Errorf("%s: nothing is mounted", row.fact)
			}
			if err := undo(); err != nil {
				t.Errorf("%s: undo: %v", row.fact, err)
			}
		}
		if isMount(t, d) {
			t.Errorf("%s: a mount is left", row.fact)
		}
	}
	d := Dir(t.TempDir())
	if _, err := d.MountRootfs([]*types.Mount{tmpfs}); err != nil {
		t.Fatal(err)
	}
	undo, err := d.MountRootfs(nil)
	if err := errors.Join(err, undo()); err != nil || !isMount(t, d) {
		t.Errorf("the client's own rootfs is unmounted: %v", err)
	}
	if err := d.UnmountRootfs(); err != nil || isMount(t, d) {
		t.Errorf("it is not unmounted: %v", err)
	}
	if err := Dir("/nonexistent").UnmountRootfs(); err != nil {
		t.Errorf("no bundle: %v", err)
	}
}

func isMount(t *testing.T, d Dir) bool {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(mounts), " "+d.join(rootfs)+" ")
}
