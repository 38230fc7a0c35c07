package testbed

import (
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	seccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/seccomp/denials"
)

// logEnv makes the test binary load a filter that logs every call, and exit.
const logEnv = "TESTBED_LOG_CALLS"

// init makes the first thread TestMain's, which loads a filter for it. A test that changes
// its thread's namespaces cannot have it: /proc/self would be in them from then on.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if os.Getenv(logEnv) != "" {
		filter, err := seccomp.NewFilter(seccomp.ActLog)
		if err == nil {
			err = filter.Load()
		}
		if err != nil {
			panic(err)
		}
		for range wantCalls {
			os.Getppid()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// wantCalls is far above the rate limit of printk, and small enough for the smallest
// usual kernel log (128 KiB).
const wantCalls = 300

// The records of a busy process are complete.
func TestAuditLog(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: audit records are for CAP_AUDIT_READ, the kernel log for CAP_SYSLOG")
	}
	log, err := OpenAuditLog()
	if err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), logEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	records, err := log.Drain(500 * time.Millisecond)
	checkCalls(t, records, err, cmd.Process.Pid)
}

// checkCalls counts a process's calls of getppid. It skips the test if the kernel dropped
// records, because other processes of the machine made too many.
func checkCalls(t *testing.T, records []denials.Record, err error, pid int) {
	t.Helper()
	if len(records) == 0 {
		t.Skip("the kernel logs nothing: audit is off, or an auditd takes what the kernel log would show")
	}
	getppid, nameErr := seccomp.GetSyscallFromName("getppid")
	if nameErr != nil {
		t.Fatal(nameErr)
	}
	count := 0
	for _, r := range records {
		if r.PID == pid && r.Number == uint32(getppid) {
			count++
		}
	}
	if err != nil {
		t.Skipf("%v: %d of %d", err, count, wantCalls)
	}
	if count != wantCalls {
		t.Errorf("%d of %d calls", count, wantCalls)
	}
}
