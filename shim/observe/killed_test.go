package observe

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
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

// A killed process that the shim has not started is known by its cgroups, and counted once. One
// of another cgroup is not counted.
func TestKilledDescendant(t *testing.T) {
	const profile = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["idle"],"action":"SCMP_ACT_KILL_PROCESS"}]}`
	ours, others := observed(t, denials.Enforcing, profile), observed(t, denials.Enforcing, profile)
	ours.cgroups = cgroupsOf(os.Getpid()) // which the killed process has too
	others.cgroups = cgroups{"1:name=elsewhere": "/elsewhere"}
	others.config.Kills = ours.config.Kills
	ours.config.Kills.watch(ours)
	ours.config.Kills.watch(others)
	if err := ours.config.Kills.failure(); err != nil {
		t.Skip("this machine shows no audit records: ", err)
	}
	pids := map[int]bool{}
	deadline := time.Now().Add(5 * time.Second)
	for len(ours.Report().Denials) == 0 && time.Now().Before(deadline) { // it may vanish before it is looked at
		pids[killed(t)] = true
		time.Sleep(recordWait)
	}
	r := ours.Report()
	if len(r.Denials) == 0 {
		skipWithoutRecords(t)
		t.Fatalf("of %d killed processes none is known", len(pids))
	}
	d := r.Denials[0]
	if d.Kind != denials.Descendant || !d.Killed || d.Text != idleName || d.Count != 1 || !pids[d.PID] || d.Executable == "" {
		t.Errorf("the call is %+v", d)
	}
	if other := others.Report(); len(other.Denials) != 0 {
		t.Errorf("another container has %+v", other.Denials[0])
	}
	ours.config.Kills.forget(ours)
	killed(t)
	time.Sleep(recordWait)
	if again := ours.Report(); again.Total() != r.Total() {
		t.Errorf("after the end %d calls are counted", again.Total())
	}
}

// The reason names the call of a process that vanished before its container was known, if it
// is one that the profile kills for.
func TestPerhaps(t *testing.T) {
	c := observed(t, denials.Enforcing, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["idle"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)
	now := time.Now()
	arch, _ := nativeArch(t)
	for _, r := range []denials.Record{
		{Time: now, Executable: "/bin/killed", Arch: arch, Number: idle, Action: bpf.KillProcess},
		{Time: now, Executable: "/bin/allowed", Arch: arch, Number: 1, Action: bpf.KillProcess},
		{Time: now.Add(-time.Hour), Executable: "/bin/earlier", Arch: arch, Number: idle, Action: bpf.KillProcess},
	} {
		c.config.Kills.keep(r)
	}
	if got := c.perhaps(); !strings.Contains(got, "one of idle, in /bin/killed, is of a process that vanished") {
		t.Errorf("got %q", got)
	}
	for pid := range 3 * mostVanished {
		c.config.Kills.keep(denials.Record{PID: pid})
	}
	if got := c.perhaps(); got != "" || len(c.config.Kills.vanished) != mostVanished {
		t.Errorf("%d are kept: %q", len(c.config.Kills.vanished), got)
	}
}

// Two sources have the record of a process that the shim has started, and it is counted once.
func TestKilledIsCountedOnce(t *testing.T) {
	c := observed(t, denials.Enforcing, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["idle"],"action":"SCMP_ACT_KILL_THREAD"}]}`)
	who := denials.Process{Kind: denials.Init}
	c.processes[7] = who
	arch, _ := nativeArch(t)
	first := denials.Record{PID: 7, Serial: 40, Arch: arch, Number: idle, Signal: int(unix.SIGSYS)}
	c.attribute(first, nil)
	c.addKilled(who, first)
	second := first
	second.Serial++ // another thread
	c.addKilled(who, second)
	c.attribute(second, nil)
	if r := c.Report(); r.Total() != 2 {
		t.Errorf("%d calls are counted", r.Total())
	}
}

func TestCgroups(t *testing.T) {
	shim := cgroups{"1:cpu": "/system/containerd", "2:pids": "/", "0:": "/system/containerd"}
	init := cgroups{"1:cpu": "/pods/a", "2:pids": "/pods/a", "0:": "/system/containerd"}
	own := init.without(shim)
	for _, row := range []struct {
		process cgroups
		holds   bool
	}{
		{init, true},
		{cgroups{"1:cpu": "/pods/a/inner", "2:pids": "/pods/a", "0:": "/elsewhere"}, true},
		{cgroups{"1:cpu": "/pods/ab", "2:pids": "/pods/ab", "0:": "/system/containerd"}, false},
		{cgroups{"1:cpu": "/pods/a", "2:pids": "/"}, false},
		{shim, false}, {nil, false},
	} {
		if got := own.hold(row.process); got != row.holds {
			t.Errorf("%v: %v", row.process, got)
		}
	}
	if none := shim.without(shim); none.hold(shim) {
		t.Error("a container without cgroups of its own has processes of the node")
	}
}

func skipWithoutRecords(t *testing.T) {
	t.Helper()
	if !audit.InFirstPIDNamespace() {
		t.Skip("audit records have the pids of the first pid namespace")
	}
	if readlink(t, "/proc/self/ns/net") != readlink(t, "/proc/1/ns/net") {
		t.Skip("audit records reach the first network namespace only")
	}
}

func readlink(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Skip(err)
	}
	return target
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
