package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/opencontainers/cgroups"
	"github.com/opencontainers/runc/libcontainer"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/reexec"
	"seccomp-shim/seccomp/installed"
)

// restoredEnv makes the test binary a process like one that CRIU has restored: under
// the filter that it holds, if it holds one.
const restoredEnv = "CONTAINER_TEST_RESTORED"

func runRestored(filter string) {
	fmt.Println(confine(filter))
	time.Sleep(time.Hour)
}

func confine(hex string) error {
	if hex == "" {
		return nil
	}
	var raw []byte
	if _, err := fmt.Sscanf(hex, "%x", &raw); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

// restored starts a process under a filter, or under none, and returns its pid and threads.
func restored(t *testing.T, filter *bpf.Program) (pid int, threads []int) {
	t.Helper()
	var hex string
	if filter != nil {
		hex = fmt.Sprintf("%x", filter.Bytes())
	}
	cmd, said := reexec.Start(t, nil, restoredEnv+"="+hex)
	if said != "<nil>\n" {
		t.Fatalf("confine: %s", said)
	}
	threads, err := threadsOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, threads
}

// fakeFrozen says that it is frozen, and freezes nothing.
type fakeFrozen struct {
	status  libcontainer.Status
	resumed bool
}

func (f *fakeFrozen) Status() (libcontainer.Status, error) { return f.status, nil }
func (f *fakeFrozen) Resume() error                        { f.resumed = true; return nil }

// Restored processes go on if the kernel has each of their threads under the container's
// filter, and are killed otherwise.
func TestVerify(t *testing.T) {
	own, other := program(t, 0), program(t, 1)
	f := &Filter{Name: "the profile", Program: own.Bytes()}
	for fact, row := range map[string]struct {
		under *bpf.Program
		want  bool
	}{
		"under the filter": {&own, true},
		"under another":    {&other, false},
		"under none":       {nil, false},
	} {
		t.Run(fact, func(t *testing.T) {
			fine, fineThreads := restored(t, &own)
			pid, threads := restored(t, row.under)
			if len(threads) < 2 {
				t.Fatalf("only %d threads", len(threads))
			}
			container := &fakeFrozen{status: libcontainer.Paused}
			err := f.verify(append(fineThreads, threads...), container)
			if errors.Is(err, installed.ErrUnsupported) {
				t.Skip(err)
			}
			if !container.resumed {
				t.Error("it is not thawed")
			}
			if row.want != (err == nil) || err != nil && !errors.Is(err, ErrUnconfined) {
				t.Errorf("got %v", err)
			}
			for _, pid := range []int{fine, pid} {
				if alive := awaitVerdict(t, pid, row.want); alive != row.want {
					t.Errorf("process %d lives: %v", pid, alive)
				}
			}
		})
	}
}

// awaitVerdict reports whether a process lives. It waits a moment for the process to be as
// the test wants it.
func awaitVerdict(t *testing.T, pid int, want bool) (alive bool) {
	t.Helper()
	for range 1000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if alive = !strings.Contains(string(stat), ") Z "); alive == want {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return alive
}

// A process that was not held may have run: it is refused with any filter.
func TestVerifyOfWhatIsNotHeld(t *testing.T) {
	own := program(t, 0)
	_, threads := restored(t, &own)
	f := &Filter{Name: "the profile", Program: own.Bytes()}
	if err := f.verify(threads, &fakeFrozen{status: libcontainer.Running}); !errors.Is(err, ErrUnconfined) {
		t.Errorf("not frozen: %v", err)
	}
	if err := f.verify(nil, &fakeFrozen{status: libcontainer.Paused}); !errors.Is(err, ErrUnconfined) {
		t.Errorf("without threads: %v", err)
	}
}

func TestDescendants(t *testing.T) {
	child, threads := restored(t, nil)
	zombie, _ := restored(t, nil)
	if err := unix.Kill(zombie, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if awaitVerdict(t, zombie, false) {
		t.Fatal("it survives SIGKILL")
	}
	got, err := descendants(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	own, err := threadsOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range append(own, threads...) {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", thread)); err == nil && !slices.Contains(got, thread) {
			t.Errorf("%v: thread %d is missing (process %d, child %d)", got, thread, os.Getpid(), child)
		}
	}
	if slices.Contains(got, os.Getppid()) || slices.Contains(got, zombie) {
		t.Errorf("%v has the parent %d or the zombie %d", got, os.Getppid(), zombie)
	}
	if got, err := descendants(1 << 30); err != nil || len(got) != 0 {
		t.Errorf("of no process: %v, %v", got, err)
	}
}

// Processes outside of the cgroup would run while the others are frozen, and a shim
// inside would never thaw them.
func TestCheckInside(t *testing.T) {
	folder, file := t.TempDir(), "tasks"
	if cgroups.IsCgroup2UnifiedMode() {
		file = "cgroup.threads"
	}
	for path, text := range map[string]string{"": "11\n12\n", "below": "13\n", "below/it": ""} {
		if err := os.MkdirAll(filepath.Join(folder, path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, path, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := checkInside(folder, []int{11, 12, 13}, 7, 8); err != nil {
		t.Errorf("all inside: %v", err)
	}
	if err := checkInside(folder, []int{11, 14}, 7); !errors.Is(err, ErrUnconfined) || !strings.Contains(err.Error(), "thread 14") {
		t.Errorf("one outside: %v", err)
	}
	if err := checkInside(folder, []int{11}, 7, 13); err == nil || !strings.Contains(err.Error(), "process 13 of the shim") {
		t.Errorf("a shim inside: %v", err)
	}
	if err := checkInside(filepath.Join(folder, "gone"), nil); err == nil {
		t.Error("no error without a cgroup")
	}
}

// The mounts that CRIU leaves in a bundle would keep containerd from removing it.
func TestUnmountCRIUCgroups(t *testing.T) {
	bundle := t.TempDir()
	hierarchy := filepath.Join(criuWork(bundle), ".criu.cgyard.x")
	below := filepath.Join(hierarchy, "below")
	if err := os.MkdirAll(hierarchy, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{hierarchy, below} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("none", folder, "tmpfs", 0, ""); err != nil {
			t.Skipf("mount: %v", err)
		}
		t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	}
	for range 2 { // the second time, none is mounted
		if err := unmountCRIUCgroups(bundle); err != nil {
			t.Fatal(err)
		}
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), hierarchy) {
		t.Errorf("%s is still mounted", hierarchy)
	}
	if err := os.RemoveAll(bundle); err != nil {
		t.Error(err)
	}
}
