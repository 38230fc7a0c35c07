package installed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var errJudged = errors.New("not the right filter")

// Each thread is judged by its own filters while it is stopped. All threads continue if
// judge returns nil for each.
func TestVerifyApproves(t *testing.T) {
	pid := start(t, 1, addThreadEnv+"=1")
	threads := threadsOf(t, pid)
	counts := map[int]int{}
	err := Verify(threads, nil, func(thread int, filters []LoadedFilter) error {
		if state := stateOf(t, thread); state != "t" {
			t.Errorf("thread %d is judged in state %s", thread, state)
		}
		counts[thread] = len(filters)
		return nil
	})
	skipUnsupported(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if len(counts) != len(threads) {
		t.Errorf("%d of %d threads are judged", len(counts), len(threads))
	}
	more := 0
	for _, n := range counts {
		more += n - 1
	}
	if more != 1 {
		t.Errorf("the numbers of filters are %v, but one thread has one more", counts)
	}
	for _, thread := range threads {
		if state := stateOf(t, thread); state == "t" {
			t.Errorf("thread %d is still stopped", thread)
		}
	}
}

// If judge refuses one thread, its process is killed, and so are all others.
func TestVerifyRefuses(t *testing.T) {
	first, second := start(t, 1), start(t, 2)
	err := Verify(append(threadsOf(t, first), threadsOf(t, second)...), nil, func(_ int, filters []LoadedFilter) error {
		if len(filters) != 1 {
			return errJudged
		}
		return nil
	})
	skipUnsupported(t, err)
	if !errors.Is(err, errJudged) {
		t.Errorf("got %v", err)
	}
	for _, pid := range []int{first, second} {
		await(t, pid, "Z")
	}
}

// Threads that a cgroup has frozen stop when they are thawed, before another instruction.
// They are frozen as threads that CRIU restores: while another tracer holds them, which
// then detaches.
func TestVerifyFrozenThreads(t *testing.T) {
	for _, kind := range freezers {
		for fact, judged := range map[string]error{"approved of": nil, "refused": errJudged} {
			t.Run(kind.file+", "+fact, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "count")
				if err := os.WriteFile(path, make([]byte, 8), 0o600); err != nil {
					t.Fatal(err)
				}
				pid := start(t, 1, countEnv+"="+path)
				until(t, "it counts", func() bool { return counted(t, path) > 0 })
				folder := kind.enter(t, pid)
				var before uint64
				holdWhile(t, pid, func() {
					kind.set(t, folder, kind.frozen)
					before = counted(t, path)
				})
				time.Sleep(20 * time.Millisecond)
				if after := counted(t, path); after != before {
					t.Fatalf("frozen, it has counted from %d to %d", before, after)
				}
				var thawed atomic.Bool
				err := Verify(threadsOf(t, pid), func() error {
					thawed.Store(true)
					kind.set(t, folder, kind.thawed)
					return nil
				}, func(int, []LoadedFilter) error {
					if !thawed.Load() {
						t.Error("judged before it is thawed")
					}
					return judged
				})
				skipUnsupported(t, err)
				if !errors.Is(err, judged) {
					t.Errorf("got %v", err)
				}
				if judged == nil {
					until(t, "it counts on", func() bool { return counted(t, path) > before })
					return
				}
				await(t, pid, "Z")
				if after := counted(t, path); after != before {
					t.Errorf("it has counted from %d to %d", before, after)
				}
			})
		}
	}
}

func TestVerifyThatCannotThaw(t *testing.T) {
	pid, cannot := start(t, 1), errors.New("it cannot be thawed")
	err := Verify(threadsOf(t, pid), func() error { return cannot }, func(int, []LoadedFilter) error {
		t.Error("judged")
		return nil
	})
	if !errors.Is(err, cannot) {
		t.Errorf("got %v", err)
	}
	await(t, pid, "Z")
}

// A process that was stopped stays stopped. A process that has ended is left out.
func TestVerifyOtherStates(t *testing.T) {
	stopped, zombie := start(t, 1), start(t, 1)
	if err := errors.Join(unix.Kill(stopped, unix.SIGSTOP), unix.Kill(zombie, unix.SIGKILL)); err != nil {
		t.Fatal(err)
	}
	await(t, stopped, "T")
	await(t, zombie, "Z")
	var judged []int
	err := Verify([]int{1 << 30, zombie, stopped}, nil, func(thread int, _ []LoadedFilter) error {
		judged = append(judged, thread)
		return nil
	})
	skipUnsupported(t, err)
	if err != nil || !slices.Equal(judged, []int{stopped}) {
		t.Errorf("judged %v, %v; want %d only", judged, err, stopped)
	}
	await(t, stopped, "T")
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(zombie, &status, 0, nil); err != nil || status.Signal() != unix.SIGKILL {
		t.Errorf("the zombie's exit is %v, %v: its parent is to have it", status, err)
	}
}

// The process's first thread does not end, so it is never a tracer's own.
func TestOwnThread(t *testing.T) {
	for range 100 {
		if err := onOwnThread(func() error {
			if unix.Gettid() == os.Getpid() {
				return errors.New("the tracer runs on the first thread")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// holdWhile stops a process as its tracer, and detaches when f has returned.
func holdWhile(t *testing.T, pid int, f func()) {
	t.Helper()
	if err := onOwnThread(func() error {
		var held []tracee
		for _, thread := range threadsOf(t, pid) {
			one, err := seize(thread, 0)
			if err == nil {
				err = one.stop()
			}
			if err != nil {
				return err
			}
			held = append(held, one)
		}
		f()
		var err error
		for _, one := range held {
			err = errors.Join(err, one.release())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func counted(t *testing.T, path string) uint64 {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return binary.NativeEndian.Uint64(text)
}

func skipUnsupported(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrUnsupported) {
		t.Skip(err)
	}
}

func threadsOf(t *testing.T, pid int) []int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

func stateOf(t *testing.T, thread int) string {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", thread))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[0]
}

func await(t *testing.T, pid int, state string) {
	t.Helper()
	until(t, fmt.Sprintf("process %d is in state %s", pid, state), func() bool { return stateOf(t, pid) == state })
}

func until(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after 5s: %s", fact)
		}
	}
}

// A freezer is a version of cgroups that can freeze.
type freezer struct{ root, file, frozen, thawed string }

var freezers = []freezer{
	{"/sys/fs/cgroup/freezer", "freezer.state", "FROZEN", "THAWED"},
	{"/sys/fs/cgroup/unified", "cgroup.freeze", "1", "0"},
	{"/sys/fs/cgroup", "cgroup.freeze", "1", "0"},
}

// enter moves a process into a cgroup of its own.
func (f freezer) enter(t *testing.T, pid int) (folder string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(f.root, "cgroup.procs")); err != nil {
		t.Skipf("not mounted: %v", err)
	}
	folder = filepath.Join(f.root, "installed-test-"+strconv.Itoa(pid))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Skipf("no cgroup can be made: %v", err)
	}
	t.Cleanup(func() {
		f.set(t, folder, f.thawed)
		_ = unix.Kill(pid, unix.SIGKILL) // it may have ended
		until(t, folder+" is removed", func() bool { return os.Remove(folder) == nil })
	})
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0); err != nil {
		t.Fatal(err)
	}
	return folder
}

func (f freezer) set(t *testing.T, folder, state string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, f.file), []byte(state), 0); err != nil {
		t.Error(err)
	}
}
