// The test is the runtime here, which only the changed libcontainer makes: see package patch.

//go:build lastact

package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/specconv"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	shim "seccomp-shim/shim/container"
	"seccomp-shim/shim/stdio"
)

// If the kernel refuses a filter, the program does not run, and the error names seccomp
// and the errno. No profile leads to such a filter, so the test makes containers
// without a shim and its compiler.
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

// An init without an order from a shim, or with one that it does not understand, runs
// nothing: without an order it does not know whether a filter is needed. No shim leaves
// the order out, so the test uses libcontainer itself.
func TestNoOrderRunsNothing(t *testing.T) {
	if unavailable != "" {
		t.Skip(unavailable)
	}
	for _, row := range []struct {
		fact    string
		message []byte // nil for no message
	}{
		{"nothing has come", nil},
		{"another mark", append([]byte("seccomp1"), make([]byte, 8)...)},
		{"half of a mark", []byte("seccomp")},
	} {
		t.Run(row.fact, func(t *testing.T) {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			outer, inner := os.NewFile(uintptr(fds[0]), "outer"), os.NewFile(uintptr(fds[1]), "inner")
			defer outer.Close() // closed later, because a process that cannot answer runs nothing either
			defer inner.Close()
			if row.message == nil {
				outer.Close()
			} else if err := sendWithPage(t, fds[0], row.message); err != nil {
				t.Fatal(err)
			}
			text, state := runByLibcontainer(t, inner)
			if strings.Contains(text, "ran") || state.ExitCode() <= 0 {
				t.Errorf("%v: %s", state, text)
			}
		})
	}
}

// sendWithPage sends what a shim sends with an order: the page in which the process
// answers. So only the message is at fault.
func sendWithPage(t *testing.T, socket int, message []byte) error {
	t.Helper()
	page, err := os.Create(filepath.Join(t.TempDir(), "page"))
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	if err := page.Truncate(int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	return unix.Sendmsg(socket, message, unix.UnixRights(int(page.Fd())), nil, 0)
}

// runByLibcontainer runs a container whose init is this binary with a channel. It
// returns the output and the exit state.
func runByLibcontainer(t *testing.T, channel *os.File) (text string, state *os.ProcessState) {
	t.Helper()
	dir, _ := bundleWithoutShim(t)
	spec := specWithoutShim()
	spec.Root.Path = filepath.Join(dir, spec.Root.Path)
	id := fmt.Sprintf("itest-%d", os.Getpid())
	config, err := specconv.CreateLibcontainerConfig(&specconv.CreateOpts{CgroupName: id, Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	lc, err := libcontainer.Create(t.TempDir(), id, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lc.Destroy(); err != nil {
			t.Errorf("destroy: %v", err)
		}
	})
	var output bytes.Buffer
	process := &libcontainer.Process{
		Args: spec.Process.Args, Cwd: "/", Init: true,
		Stdout: &output, Stderr: &output, ExtraFiles: []*os.File{channel},
	}
	if err := lc.Run(process); err != nil {
		t.Fatal(err)
	}
	state, err = process.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return output.String(), state
}

// bundleWithoutShim makes a bundle with busybox in its root file system.
func bundleWithoutShim(t *testing.T) (dir, stdout string) {
	t.Helper()
	dir = t.TempDir()
	for _, folder := range []string{"rootfs/bin", "rootfs/proc"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rootfs/bin/busybox"), busybox, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "stdout")
}

func specWithoutShim() *specs.Spec {
	return &specs.Spec{
		Root:    &specs.Root{Path: "rootfs"},
		Process: &specs.Process{Args: []string{"/bin/busybox", "echo", "ran"}, Cwd: "/"},
		Mounts:  []specs.Mount{{Destination: "/proc", Type: "proc", Source: "proc"}},
		Linux:   &specs.Linux{Namespaces: []specs.LinuxNamespace{{Type: specs.PIDNamespace}, {Type: specs.MountNamespace}}},
	}
}

func createWithoutShim(t *testing.T, filter *shim.Filter) (c *shim.Container, stdout string) {
	t.Helper()
	dir, stdout := bundleWithoutShim(t)
	streams, err := stdio.Open(stdio.Streams{Stdout: "file://" + stdout}, stdio.Owner{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	c, err = shim.Create(t.Context(), shim.Config{
		ID:     fmt.Sprintf("itest-%d", os.Getpid()),
		Bundle: dir,
		Filter: filter,
		Spec:   specWithoutShim(),
	}, streams, noShim{})
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

// noShim is an observer without a shim: it ignores all calls.
type noShim struct{}

func (noShim) Created(*shim.Container)         {}
func (noShim) ExecAdded(*shim.Process)         {}
func (noShim) Started(*shim.Process)           {}
func (noShim) OOM(*shim.Container)             {}
func (noShim) Exited(*shim.Process, shim.Exit) {}
