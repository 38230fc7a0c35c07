package container

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/load"
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

// The option SystemdCgroup decides which form cgroupsPath must have.
func TestCgroupsPath(t *testing.T) {
	for _, row := range []struct {
		path    string
		systemd bool
		ok      bool
	}{
		{"", false, true}, {"", true, true},
		{"/kubepods/pod1/c", false, true}, {"/kubepods/pod1/c", true, false},
		{"kubepods.slice:cri-containerd:c", true, true}, {":prefix:name", true, true},
		{"a:b", true, false}, {"a:b:c:d", true, false},
		{"kubepods.slice:cri-containerd:c", false, true}, // runs, with a warning: see createContainer
	} {
		spec := validSpec()
		spec.Linux.CgroupsPath = row.path
		_, err := (&Config{ID: "c", Bundle: "/b", Spec: spec, SystemdCgroup: row.systemd}).libcontainer()
		switch {
		case row.ok && err != nil:
			t.Errorf("%q, %v: %v", row.path, row.systemd, err)
		case !row.ok && !errors.Is(err, ErrInvalid):
			t.Errorf("%q, %v: %v is not one of ErrInvalid", row.path, row.systemd, err)
		case !row.ok:
			for _, part := range []string{"linux.cgroupsPath", strconv.Quote(row.path), "the option SystemdCgroup is on", "cgroupDriver"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %s", err, part)
				}
			}
		}
	}
}

func TestLimits(t *testing.T) {
	got, err := limits([]specs.POSIXRlimit{{Type: "RLIMIT_NOFILE", Soft: 1, Hard: 2}})
	if want := (load.Limit{Name: "RLIMIT_NOFILE", Resource: unix.RLIMIT_NOFILE, Soft: 1, Hard: 2}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %v, %v", got, err)
	}
	for says, bad := range map[string][]specs.POSIXRlimit{
		`process.rlimits[0].type: "RLIMIT_FOO": not known`:                       {{Type: "RLIMIT_FOO"}},
		`process.rlimits[1].type: "RLIMIT_AS": is there already`:                 {{Type: "RLIMIT_AS"}, {Type: "RLIMIT_AS"}},
		`process.rlimits[0]: RLIMIT_CPU: soft limit 2 is above the hard limit 1`: {{Type: "RLIMIT_CPU", Soft: 2, Hard: 1}},
	} {
		if _, err := limits(bad); !errors.Is(err, ErrInvalid) || err.Error() != says {
			t.Errorf("error is %v, not %s", err, says)
		}
	}
}

// Only a hard limit that the process cannot raise itself is set by libcontainer.
func TestRaisedLimits(t *testing.T) {
	var own unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &own); err != nil {
		t.Fatal(err)
	}
	lower := specs.POSIXRlimit{Type: "RLIMIT_CORE", Soft: 0, Hard: own.Max}
	if got, err := raisedLimits([]specs.POSIXRlimit{lower}); err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 5, Max: 7}); err != nil {
		t.Fatal(err)
	}
	higher := specs.POSIXRlimit{Type: "RLIMIT_CORE", Soft: 1, Hard: 9}
	got, err := raisedLimits([]specs.POSIXRlimit{higher})
	if want := (configs.Rlimit{Type: unix.RLIMIT_CORE, Soft: 5, Hard: 9}); err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
