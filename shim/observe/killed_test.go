package observe

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// killedEnv makes this program kill itself by a filter.
const killedEnv = "OBSERVE_TEST_KILLED"

// init keeps the goroutines of tests off the first thread, which would stay under their
// filters: Go keeps it when its goroutine ends.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if os.Getenv(killedEnv) != "" {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err == nil {
			_ = loadKilling()
		}
		syscall.Syscall(idle, 0, 0, 0)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// onIdle returns a program with an action for idle calls, which allows all others.
func onIdle(action bpf.Action) (bpf.Program, error) {
	var a bpf.Assembler
	a.Load(bpf.OffsetNr)
	a.If(bpf.Equal, idle, "idle", bpf.Next)
	a.Return(bpf.Allow)
	a.Mark("idle")
	a.Return(action)
	return a.Program()
}

func loadKilling() error {
	program, err := onIdle(bpf.KillProcess)
	if err != nil {
		return err
	}
	return loadPlain(program.Bytes())
}

// killed returns the pid of a process that a filter has killed.
func killed(t *testing.T) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killedEnv+"=1")
	err := cmd.Run()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
		t.Fatalf("the process is not killed: %v", err)
	}
	return cmd.Process.Pid
}

// The audit group has the record of a kill, without its neighbours.
func TestKills(t *testing.T) {
	var k Kills
	k.watch()
	if err := k.failure(); err != nil {
		t.Skip("this machine shows no audit records: ", err)
	}
	pid := killed(t)
	ours := func(r denials.Record) bool { return r.PID == pid }
	for range 200 {
		if r, found := k.find(ours); found {
			if r.Number != idle || r.Action != bpf.KillProcess || r.Signal != int(unix.SIGSYS) {
				t.Errorf("the record is %+v", r)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !audit.InFirstPIDNamespace() {
		t.Skip("audit records have the pids of the first pid namespace")
	}
	if readlink(t, "/proc/self/ns/net") != readlink(t, "/proc/1/ns/net") {
		t.Skip("audit records reach the first network namespace only")
	}
	t.Error("there is no record")
}

func readlink(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Skip(err)
	}
	return target
}

// Of many kills the latest are kept.
func TestKillsAreBounded(t *testing.T) {
	var k Kills
	for pid := range 3 * mostKills {
		k.add(denials.Record{PID: pid})
	}
	if _, found := k.find(func(r denials.Record) bool { return r.PID == 2*mostKills-1 }); found || len(k.last) != mostKills {
		t.Errorf("%d are kept", len(k.last))
	}
	if _, found := k.find(func(r denials.Record) bool { return r.PID == 3*mostKills-1 }); !found {
		t.Error("the latest is lost")
	}
}

// A killed call is in the report, or the reason why not. Neither takes long.
func TestNameKilled(t *testing.T) {
	c := observed(t, denials.Enforcing, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["idle"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)
	c.started = true
	pid := killed(t)
	c.Exited("", pid, denials.Sigsys, time.Now())
	r := c.Report()
	if named := len(r.Denials) == 1 && r.Denials[0].Text == idleName && r.Denials[0].Killed && r.Denials[0].PID == pid; !named && r.Ended.Unnamed == "" {
		t.Errorf("neither a call nor a reason: %+v", r)
	}
	begin := time.Now()
	c.Exited("", 1, denials.Sigsys, time.Now()) // init was not killed
	if r := c.Report(); r.Ended.Unnamed == "" || time.Since(begin) > 10*recordWait {
		t.Errorf("after %v: %+v", time.Since(begin), r.Ended)
	}
}
