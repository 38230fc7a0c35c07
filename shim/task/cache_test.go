package task

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/shim/observe"
	"seccomp-shim/shim/options"
)

// The test binary is also libseccomp's child process.
func TestMain(m *testing.M) {
	libseccomp.Helper()
	os.Exit(m.Run())
}

// Somebody removes the cache under a running shim. The shim keeps what it compiles next.
func TestCacheIsRemoved(t *testing.T) {
	s := testService()
	s.cacheDir = filepath.Join(t.TempDir(), "cache")
	for _, when := range []string{"at first", "after it was removed"} {
		spec := &specs.Spec{
			Process: &specs.Process{},
			Linux:   &specs.Linux{Seccomp: &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}},
		}
		if _, _, err := s.confine(context.Background(), "", observe.Config{Spec: spec}, &options.Options{}); err != nil {
			t.Fatal(err)
		}
		if kept, err := filepath.Glob(filepath.Join(s.cacheDir, "*.seccomp-cache")); err != nil || len(kept) != 1 {
			t.Errorf("%s the cache has %v (%v), want a program", when, kept, err)
		}
		if err := os.RemoveAll(s.cacheDir); err != nil {
			t.Fatal(err)
		}
	}
}
