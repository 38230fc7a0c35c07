package container

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func validSpec() *specs.Spec {
	return &specs.Spec{
		Root:    &specs.Root{Path: "rootfs"},
		Process: &specs.Process{Args: []string{"/bin/true"}, Cwd: "/"},
		Linux:   &specs.Linux{},
	}
}

// The working directory is another container's bundle when a shim serves a pod.
func TestRelativePathsStartAtTheBundle(t *testing.T) {
	spec := validSpec()
	spec.Mounts = []specs.Mount{
		{Destination: "/a", Source: "files/a", Options: []string{"rbind"}},
		{Destination: "/b", Source: "/abs/b", Options: []string{"bind", "ro"}},
		{Destination: "/proc", Source: "proc", Type: "proc"},
	}
	cfg := Config{ID: "c", Bundle: "/some/bundle", Spec: spec}
	got, err := cfg.libcontainer()
	if err != nil {
		t.Fatal(err)
	}
	if got.Rootfs != "/some/bundle/rootfs" {
		t.Errorf("rootfs is %s", got.Rootfs)
	}
	sources := []string{}
	for _, m := range got.Mounts {
		sources = append(sources, m.Source)
	}
	if want := []string{"/some/bundle/files/a", "/abs/b", "proc"}; !slices.Equal(sources, want) {
		t.Errorf("mount sources are %v, want %v", sources, want)
	}
	if last := got.Labels[len(got.Labels)-1]; last != "bundle=/some/bundle" {
		t.Errorf("the label that names the bundle is %s", last)
	}
	if spec.Root.Path != "rootfs" || spec.Mounts[0].Source != "files/a" {
		t.Error("the caller's spec was changed")
	}
}

func TestInvalidSpec(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(*specs.Spec)
		says  string
	}{
		"a wide terminal": {func(s *specs.Spec) { s.Process.ConsoleSize = &specs.Box{Width: 1 << 16, Height: 1} }, "process.consoleSize: 65536 x 1"},
		"no root":         {func(s *specs.Spec) { s.Root = nil }, "root"},
		"no linux":        {func(s *specs.Spec) { s.Linux = nil }, "linux"},
		"no process":      {func(s *specs.Spec) { s.Process = nil }, "process"},
		"no args":         {func(s *specs.Spec) { s.Process.Args = nil }, "process.args"},
		"no cwd":          {func(s *specs.Spec) { s.Process.Cwd = "" }, "process.cwd"},
		"relative cwd":    {func(s *specs.Spec) { s.Process.Cwd = "tmp" }, `"tmp"`},
	} {
		t.Run(name, func(t *testing.T) {
			spec := validSpec()
			tc.spoil(spec)
			_, err := (&Config{ID: "c", Bundle: "/b", Spec: spec}).libcontainer()
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error is %v; want one of ErrInvalid that names %s", err, tc.says)
			}
		})
	}
}

func TestRlimits(t *testing.T) {
	got, err := rlimits([]specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: 1, Hard: 2}})
	if want := (configs.Rlimit{Type: unix.RLIMIT_NOFILE, Soft: 1, Hard: 2}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := rlimits([]specs.POSIXRlimit{{Type: "RLIMIT_FOO"}}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), `process.rlimits[0].type: "RLIMIT_FOO"`) {
		t.Errorf("error is %v", err)
	}
}
