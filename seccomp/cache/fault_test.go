package cache

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/seccomptest"
)

// A tmpfs of 64 KiB, as /run when somebody has filled it.
func TestFullDisk(t *testing.T) {
	d := newDiskAt(t, mountTmpfs(t), wide)
	d.mustPut(t, numbered(1), sized(20_000))
	if err := d.Put(numbered(2), sized(MaxValue)); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Put into a full file system: %v", err)
	}
	if names := d.names(t); len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
	d.mustHave(t, numbered(1), sized(20_000))
	d.mustPut(t, numbered(2), sized(20_000))
}

func TestReadOnlyDisk(t *testing.T) {
	path := mountTmpfs(t)
	d := newDiskAt(t, path, Limit{1, 1 << 20})
	d.mustPut(t, numbered(1), valueOf(1))
	mustAge(t, d.file(numbered(1)), time.Hour)
	seccomptest.Must(t, os.WriteFile(d.file(numbered(2)), nil, 0o600))
	seccomptest.Must(t, unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))

	d.mustHave(t, numbered(1), valueOf(1)) // though it cannot be touched
	if err := d.Put(numbered(3), valueOf(3)); !errors.Is(err, unix.EROFS) {
		t.Errorf("Put: %v", err)
	}
	if _, ok := d.Get(numbered(2)); ok {
		t.Error("a defect that cannot be removed is a hit")
	}
	d.mustReport(t, "read-only")
	newDiskAt(t, path, wide).mustHave(t, numbered(1), valueOf(1))
}

// mountTmpfs mounts one that only this test sees. The thread that can see it dies
// with the test.
func mountTmpfs(t *testing.T) string {
	t.Helper()
	needRoot(t, "to mount a small file system")
	path := t.TempDir()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Skipf("needs CAP_SYS_ADMIN for a mount namespace: %v", err)
	}
	seccomptest.Must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	seccomptest.Must(t, unix.Mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=0700"))
	t.Cleanup(func() { unix.Unmount(path, unix.MNT_DETACH) })
	return path
}

// Out of descriptors is no defect of the file.
func TestNoDescriptorLeft(t *testing.T) {
	d := newDisk(t, wide)
	d.mustPut(t, numbered(1), valueOf(1))
	var old unix.Rlimit
	seccomptest.Must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	seccomptest.Must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: old.Max}))
	_, ok := d.Get(numbered(1))
	err := d.Put(numbered(2), valueOf(2))
	seccomptest.Must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &old))
	if ok || !errors.Is(err, unix.EMFILE) {
		t.Errorf("hit: %t, Put: %v", ok, err)
	}
	d.mustReport(t, unix.EMFILE.Error())
	d.mustHave(t, numbered(1), valueOf(1))
}

// Neither a hit, nor a miss, nor a drop, nor a refusal keeps a descriptor.
func TestNoDescriptorLeaks(t *testing.T) {
	d := newDisk(t, Limit{2, 1 << 20})
	round := func(n int) {
		d.mustPut(t, numbered(n), valueOf(n))
		d.mustHave(t, numbered(n), valueOf(n))
		d.Get(numbered(n + 1))
		seccomptest.Must(t, os.Truncate(d.file(numbered(n)), 3))
		d.Get(numbered(n))
		if _, err := OpenDisk("/", wide, nil); err == nil {
			t.Error("/ is accepted")
		}
	}
	round(0)
	before := descriptors(t)
	for n := range 100 {
		round(n)
	}
	if after := descriptors(t); after > before+10 { // other tests' goroutines may end or begin
		t.Errorf("%d descriptors, before %d", after, before)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	links, err := os.ReadDir("/proc/self/fd")
	if err != nil && strings.Contains(err.Error(), "no such file") {
		t.Skip("needs /proc")
	}
	seccomptest.Must(t, err)
	return len(links)
}
