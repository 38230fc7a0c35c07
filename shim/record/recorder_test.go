package record

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/recording"
)

func testConfig(dir string) Config {
	return Config{
		Namespace: "test", ID: "c1", Dir: dir, ABI: libseccomp.ABI,
		Spec: &specs.Spec{Process: &specs.Process{Args: []string{"/bin/app"}}, Annotations: map[string]string{imageAnnotation: "registry/app:1"}},
	}
}

func startRecording(t *testing.T, dir string) *Container {
	t.Helper()
	needRoot(t)
	c, err := New(testConfig(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stopped)
	return c
}

func readFile(t *testing.T, path string) *recording.Recording {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return r
}

func find(r *recording.Recording, kind denials.Kind, syscall string) *recording.Call {
	for _, c := range r.Calls {
		if c.Process == kind && c.Syscall == syscall {
			return c
		}
	}
	return &recording.Call{}
}

// A recording has what the container did, with the values of arguments, and says when there
// are more. Only root reads it.
func TestRecording(t *testing.T) {
	c := startRecording(t, filepath.Join(t.TempDir(), "recordings"))
	if r := readFile(t, c.file); r.Total != 0 || r.Ended != nil || r.Image != "registry/app:1" || r.Command[0] != "/bin/app" {
		t.Errorf("before the start: %+v", r)
	}
	cmd, release := startWorker(t)
	if err := c.Begin("", cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	c.Exited("", 7, time.Now())
	c.Stopped() // too late: the end stays
	r := readFile(t, c.file)
	if r.Ended == nil || r.Ended.By != recording.Exited || r.Ended.Status != 7 || len(r.Gaps()) > 0 {
		t.Errorf("its end is %+v, it lacks %q", r.Ended, r.Gaps())
	}
	personality, ioctl := find(r, denials.Init, "personality"), find(r, denials.Init, "ioctl")
	if personality.Count != 100 || len(personality.Values) != 1 || personality.Values[0].Args[0] != 0xffffffff || personality.Others != 0 {
		t.Errorf("personality is %+v", personality)
	}
	if ioctl.Count != 100 || len(ioctl.Values) != recording.MostValues || ioctl.Others != 100-recording.MostValues {
		t.Errorf("ioctl is %+v with %d values", ioctl, len(ioctl.Values))
	}
	if first := find(r, denials.Init, "getsid").First; first.Before(before.Add(-time.Millisecond)) || first.After(time.Now()) {
		t.Errorf("getsid was first called at %v, %v after the start", first, first.Sub(before))
	}
	sum, unnamed := uint64(0), uint64(0)
	for _, call := range r.Calls {
		sum += call.Count
		if call.Number == recording.Beyond {
			unnamed += call.Count
		}
	}
	if sum != r.Total || unnamed != 1 {
		t.Errorf("%d calls in the list, %d in all, %d beyond", sum, r.Total, unnamed)
	}
	for path, want := range map[string]os.FileMode{c.file: 0o600, filepath.Dir(c.file): 0o700, filepath.Dir(filepath.Dir(c.file)): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// While the container runs, the file follows it.
func TestRecordingIsWrittenMeanwhile(t *testing.T) {
	c := startRecording(t, filepath.Join(t.TempDir(), "recordings"))
	cmd, release := startWorker(t)
	if err := c.Begin("e1", cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * interval); find(readFile(t, c.file), denials.Exec, "getsid").Count != threadCount*perThread; time.Sleep(interval / 10) {
		if time.Now().After(end) {
			t.Fatalf("the file has %+v", find(readFile(t, c.file), denials.Exec, "getsid"))
		}
	}
	if r := readFile(t, c.file); r.Ended != nil || r.LastNew == nil {
		t.Errorf("it says %+v", r)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(c.file), ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// A folder that cannot hold a recording is an error, and no program stays attached.
func TestBadFolders(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	for _, row := range []struct {
		fact, want string
		prepare    func(t *testing.T, path string) error
	}{
		{"a link", "must be a folder that only uid 0 can write to", func(_ *testing.T, path string) error { return os.Symlink(dir, path) }},
		{"a link to nothing", "must be a folder", func(_ *testing.T, path string) error { return os.Symlink("/nowhere", path) }},
		{"a file", "must be a folder", func(_ *testing.T, path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"a folder of others", "must be a folder that only uid 0", func(_ *testing.T, path string) error { return os.Mkdir(path, 0o700) }},
		{"a link at the namespace", "test: must be a folder", func(_ *testing.T, path string) error {
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
			return os.Symlink(dir, filepath.Join(path, "test"))
		}},
		{"a full disk", "no space left", func(t *testing.T, path string) error {
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
			if err := unix.Mount("tmpfs", path, "tmpfs", 0, "size=16k,mode=0700"); err != nil {
				return err
			}
			t.Cleanup(func() { _ = unix.Unmount(path, unix.MNT_DETACH) })
			if err := os.WriteFile(filepath.Join(path, "filler"), make([]byte, 1<<20), 0o600); err == nil {
				t.Error("the disk is not full")
			}
			return nil
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "recordings")
			if err := row.prepare(t, path); err != nil {
				t.Fatal(err)
			}
			if row.fact == "a folder of others" {
				if err := os.Chown(path, 1, 1); err != nil {
					t.Fatal(err)
				}
			}
			c, err := New(testConfig(path))
			if err == nil {
				c.Stopped()
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "the recording cannot be written") {
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
	config := testConfig(filepath.Join(dir, "recordings"))
	config.ID = "../../etc"
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "is no container's name") {
		t.Errorf("a name that leaves the folder: %v", err)
	}
}

// If the disk becomes full, nothing is lost that was counted: the recording is written when
// there is room again.
func TestDiskBecomesFull(t *testing.T) {
	needRoot(t)
	dir := filepath.Join(t.TempDir(), "recordings")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=128k,mode=0700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	c := startRecording(t, dir)
	cmd, release := startWorker(t)
	if err := c.Begin("e1", cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	c.Exited("e1", 0, time.Now())
	c.writeChanges()
	if r := readFile(t, c.file); r.Total != 0 {
		t.Errorf("a full disk has taken %d calls", r.Total)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	c.Exited("", 0, time.Now())
	if r := readFile(t, c.file); find(r, denials.Exec, "getsid").Count != threadCount*perThread || r.Ended == nil {
		t.Errorf("the recording has %d calls", r.Total)
	}
}

// A folder that somebody removes is made again, with all that was counted.
func TestFolderIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recordings")
	c := startRecording(t, dir)
	cmd, release := startWorker(t)
	if err := c.Begin("", cmd.Process.Pid); err != nil {
		t.Fatal(err)
	}
	release()
	if err := errors.Join(cmd.Wait(), os.RemoveAll(dir)); err != nil {
		t.Fatal(err)
	}
	c.Exited("", 0, time.Now())
	if r := readFile(t, c.file); find(r, denials.Init, "getsid").Count != threadCount*perThread || r.Ended == nil {
		t.Errorf("the recording has %d calls", r.Total)
	}
}

// A container that could not be created leaves no recording.
func TestAbandoned(t *testing.T) {
	c := startRecording(t, filepath.Join(t.TempDir(), "recordings"))
	c.Abandon()
	if _, err := os.Stat(c.file); !os.IsNotExist(err) {
		t.Errorf("the file is left: %v", err)
	}
	if err := c.Begin("", os.Getpid()); err == nil {
		t.Error("it begins")
	}
}

// Without the right to load BPF programs a recording is refused, and the error says what is
// missing.
func TestWithoutCapabilities(t *testing.T) {
	needRoot(t)
	runtime.LockOSThread() // the thread ends with the test, without its capabilities
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
	sets[0].Effective &^= 1 << unix.CAP_SYS_ADMIN
	for _, c := range []uint{unix.CAP_BPF, unix.CAP_PERFMON} {
		sets[1].Effective &^= 1 << (c - 32)
	}
	if err := unix.Capset(&header, &sets[0]); err != nil {
		t.Fatal(err)
	}
	_, err := New(testConfig(filepath.Join(t.TempDir(), "recordings")))
	if err == nil || !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "observe: record: this node cannot record syscalls") || !strings.Contains(err.Error(), "CAP_BPF") {
		t.Errorf("error %v", err)
	}
}

func TestMissing(t *testing.T) {
	for err, want := range map[error]string{unix.ENOSYS: "CONFIG_BPF_SYSCALL", unix.ENOENT: "CONFIG_FTRACE_SYSCALLS", unix.EPERM: "CAP_SYS_ADMIN", unix.E2BIG: ""} {
		if got := explain(err).Error(); !strings.Contains(got, want) || !strings.HasPrefix(got, err.Error()) {
			t.Errorf("%v: %s", err, got)
		}
	}
}
