// The test is the runtime here, which only the changed libcontainer makes: see package patch.

//go:build lastact

package integration

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	shim "seccomp-shim/shim/container"
	"seccomp-shim/shim/stdio"
)

// A filter that the kernel refuses is not gone without: nothing runs, and the
// error names seccomp and the errno. No profile comes to that, so here
// containers are made without a shim and its compiler.
func TestRefusedLoadRunsNothing(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	const allow = 0x7fff0000
	instruction := func(code uint16, k uint32) []byte {
		return []byte{byte(code), byte(code >> 8), 0, 0, byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
	}
	invalid := bytes.Repeat([]byte{0xff}, 8)
	valid := instruction(0x06, allow) // BPF_RET
	for _, row := range []struct {
		fact   string
		filter shim.Filter
	}{
		{"no program", shim.Filter{Program: invalid}},
		{"no flag", shim.Filter{Program: valid, Flags: 1 << 30}},
		{"half an instruction", shim.Filter{Program: valid[:4]}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			row.filter.Name = "seccomp profile (of the test)"
			c, out := createWithoutShim(t, &row.filter)
			err := c.Init().Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), "seccomp") || row.fact != "half an instruction" && !strings.Contains(err.Error(), "invalid argument") {
				t.Errorf("start: %v", err)
			}
			if text, _ := os.ReadFile(out); len(text) > 0 {
				t.Errorf("the program ran: %s", text)
			}
		})
	}
}

func createWithoutShim(t *testing.T, filter *shim.Filter) (c *shim.Container, stdout string) {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"rootfs/bin", "rootfs/proc"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rootfs/bin/busybox"), busybox, 0o755); err != nil {
		t.Fatal(err)
	}
	stdout = filepath.Join(dir, "stdout")
	streams, err := stdio.Open(stdio.Streams{Stdout: "file://" + stdout}, stdio.Owner{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c, err = shim.Create(t.Context(), shim.Config{
		ID:     fmt.Sprintf("itest-%d", os.Getpid()),
		Bundle: dir,
		Filter: filter,
		Spec: &specs.Spec{
			Root:    &specs.Root{Path: "rootfs"},
			Process: &specs.Process{Args: []string{"/bin/busybox", "echo", "ran"}, Cwd: "/"},
			Mounts:  []specs.Mount{{Destination: "/proc", Type: "proc", Source: "proc"}},
			Linux:   &specs.Linux{Namespaces: []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}}},
		},
	}, streams, nobody{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := c.Init().Delete(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("delete: %v", err)
		}
	})
	return c, stdout
}

// nobody hears of a shim.
type nobody struct{}

func (nobody) Created(*shim.Container)         {}
func (nobody) ExecAdded(*shim.Process)         {}
func (nobody) Started(*shim.Process)           {}
func (nobody) OOM(*shim.Container)             {}
func (nobody) Exited(*shim.Process, shim.Exit) {}
