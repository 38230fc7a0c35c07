package audit

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	seccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/denials"
)

// logEnv makes this program load a filter that logs its calls of number logged, and exit.
const logEnv = "AUDIT_TEST_LOG"

// logged is a call without an effect, which the kernel answers with ENOSYS.
const logged = 1001

// wantCalls is below the rate limit of the kernel's log.
const wantCalls = 5

func TestMain(m *testing.M) {
	if os.Getenv(logEnv) == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread() // the filter applies to this thread
	filter, err := seccomp.NewFilter(seccomp.ActAllow)
	if err == nil {
		err = filter.AddRule(logged, seccomp.ActLog)
	}
	if err == nil {
		err = filter.Load()
	}
	if err != nil {
		panic(err)
	}
	for range wantCalls {
		syscall.Syscall(logged, 0, 0, 0)
	}
	os.Exit(0)
}

// makeCalls returns the pid of a process that has made the calls.
func makeCalls(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), logEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.Process.Pid
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 || !InFirstPIDNamespace() {
		t.Skip("needs root, in the pid namespace that records have the pids of")
	}
}

// A reader has each record once, although there are two sources.
func TestFollow(t *testing.T) {
	needsRoot(t)
	r, err := Follow()
	if err != nil {
		t.Skip(err)
	}
	defer r.Close()
	pid := makeCalls(t)
	count, others := 0, 0
	var missing Loss
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		records, loss, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		missing.Dropped, missing.Suppressed = missing.Dropped+loss.Dropped, missing.Suppressed+loss.Suppressed
		for _, record := range records {
			if record.PID != pid {
				others++
				continue
			}
			count++
			if record.Number != logged || record.Action != bpf.Log || record.Signal != 0 {
				t.Errorf("got %+v", record)
			}
		}
	}
	if count+others == 0 {
		t.Skip("the kernel records nothing: audit is off, or an audit daemon runs and this is another network namespace")
	}
	if count != wantCalls && missing == (Loss{}) || count > wantCalls {
		t.Errorf("%d of %d calls; missing: %+v", count, wantCalls, missing)
	}
}

// The group says how many records it could not take.
func TestDropped(t *testing.T) {
	needsRoot(t)
	g, err := JoinGroup(1) // the kernel's smallest buffer, of a few records
	if err != nil {
		t.Skip(err)
	}
	defer g.Close()
	for range 4 {
		makeCalls(t)
	}
	time.Sleep(200 * time.Millisecond)
	read, gaps := 0, 0
	for {
		entry, err := g.Next()
		if err != nil {
			break
		}
		if entry.Gap {
			gaps++
		} else {
			read++
		}
	}
	dropped, err := g.Dropped()
	if err != nil {
		t.Fatal(err)
	}
	if read == 0 && dropped == 0 {
		t.Skip("the group has no records here")
	}
	if gaps == 0 || read+int(dropped) < 4*wantCalls {
		t.Errorf("%d read, %d dropped, %d gaps", read, dropped, gaps)
	}
}

// The log's past has what a reader from now on does not have.
func TestPast(t *testing.T) {
	needsRoot(t)
	r, err := Past()
	if err != nil {
		t.Skip(err)
	}
	defer r.Close()
	records, _, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	var last denials.Record
	for _, record := range records {
		last = record
	}
	now, err := Follow()
	if err != nil {
		t.Skip(err)
	}
	defer now.Close()
	newer, _, err := now.Read()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range newer {
		if record.Time.Before(last.Time.Add(-time.Second)) {
			t.Errorf("a reader from now on has the past: %+v", record)
		}
	}
}

// The kernel says how many records it has lost.
func TestReadStatus(t *testing.T) {
	needsRoot(t)
	status, err := ReadStatus()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ECONNREFUSED) {
		t.Skip("without CAP_AUDIT_CONTROL: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", status)
	if status.Daemon != 0 && unix.Kill(int(status.Daemon), 0) != nil {
		t.Errorf("there is no process %d", status.Daemon)
	}
}
