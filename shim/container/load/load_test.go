package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/reexec"
)

// The test binary is also the runtime whose last act is tested: with this in
// its environment it drops rights as a container's init does, and calls Exec.
const innerEnv = "LOAD_INNER"

func TestMain(m *testing.M) {
	if how := os.Getenv(innerEnv); how != "" {
		fmt.Fprintln(os.Stderr, inner(how))
		os.Exit(99)
	}
	os.Exit(m.Run())
}

// inner takes "<uid> <nnp> <path> [argument]".
func inner(how string) error {
	runtime.LockOSThread()
	unix.CloseOnExec(FD)
	words := strings.Fields(how)
	uid, _ := strconv.Atoi(words[0])
	if words[1] == "true" {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return err
		}
	}
	if err := dropRights(uid); err != nil {
		return err
	}
	return Exec(words[2], words[2:], []string{"PATH=/bin"})
}

// dropRights keeps CAP_SYS_ADMIN permitted, and nothing else.
func dropRights(uid int) error {
	for c := range unix.CAP_LAST_CAP + 1 {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil && !errors.Is(err, unix.EINVAL) {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_KEEPCAPS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := syscall.Setuid(uid); err != nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	sets := [2]unix.CapUserData{{Permitted: 1 << unix.CAP_SYS_ADMIN}}
	return unix.Capset(&header, &sets[0])
}

type outcome struct {
	awaited        error
	status         syscall.WaitStatus
	stdout, stderr string
}

// runInner runs a program under an order.
func runInner(t *testing.T, order Order, how string, deliver func(pid int, listener *os.File) error) outcome {
	t.Helper()
	c, err := NewChannel(order)
	if err != nil {
		t.Fatal(err)
	}
	return c.runInner(t, how, deliver)
}

// runInner runs a program under what the channel holds.
func (c *Channel) runInner(t *testing.T, how string, deliver func(pid int, listener *os.File) error) outcome {
	t.Helper()
	defer c.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{innerEnv + "=" + how}
	cmd.ExtraFiles = []*os.File{c.Inner}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.Started()
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	p := Process{
		PID:      cmd.Process.Pid,
		Deliver:  func(listener *os.File) error { return deliver(cmd.Process.Pid, listener) },
		Standing: func() (Standing, error) { return standingByName(cmd.Process.Pid) },
	}
	call, err := c.Load(p)
	if err == nil {
		err = c.AwaitExecve(p, call)
	}
	o := outcome{awaited: err}
	if o.awaited != nil {
		c.Close()
		if s, _ := readStat(cmd.Process.Pid); s.others {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait() // the status says it
	o.status = cmd.ProcessState.Sys().(syscall.WaitStatus)
	o.stdout, o.stderr = stdout.String(), stderr.String()
	return o
}

// standingByName stands in for StandingOf, since the test's process has been
// executed itself. The kernel changes the name a little after it closes the channel.
func standingByName(pid int) (Standing, error) {
	time.Sleep(5 * time.Millisecond)
	s, err := readStat(pid)
	s.executed = s.name != filepath.Base(os.Args[0])
	return s.standing(), err
}

// only returns an order whose program allows these syscalls and answers all others with
// otherwise.
func only(t *testing.T, otherwise bpf.Action, numbers ...uint32) Order {
	t.Helper()
	var a bpf.Assembler
	a.Load(bpf.OffsetNr)
	for _, nr := range numbers {
		a.If(bpf.Equal, nr, "allow", bpf.Next)
	}
	a.Return(otherwise)
	a.Mark("allow")
	a.Return(bpf.Allow)
	p, err := a.Program()
	if err != nil {
		t.Fatal(err)
	}
	return Order{Program: p.Bytes()}
}

// minimal returns the path of testdata/minimal.c's program, for any user.
func minimal(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "load-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "minimal")
	out, err := exec.Command("gcc", "-static", "-nostdlib", "-O1", "-fno-stack-protector", "-o", path, "testdata/minimal.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: capabilities are dropped, and a filter is loaded without no_new_privs")
	}
}

// A program that makes two system calls runs under a filter that allows these two and
// execve, for each user and each action for other calls. The test runs it many times, since
// only a signal or a switch of threads at a bad moment would break it.
func TestOnlyExecveIsUnderTheFilter(t *testing.T) {
	needRoot(t)
	path := minimal(t)
	for _, otherwise := range []bpf.Action{bpf.ErrnoOf(1), bpf.KillProcess, bpf.KillThread, bpf.Trap} {
		order := only(t, otherwise, unix.SYS_WRITE, unix.SYS_EXIT_GROUP, unix.SYS_EXECVE)
		for _, uid := range []int{0, 1000} {
			for _, nnp := range []bool{true, false} {
				t.Run(fmt.Sprintf("%v, uid %d, no_new_privs %v", otherwise, uid, nnp), func(t *testing.T) {
					t.Parallel()
					for range 10 {
						got := runInner(t, order, fmt.Sprint(uid, " ", nnp, " ", path), nil)
						if got.awaited != nil || got.stdout != "ran\n" || got.status.ExitStatus() != 7 {
							t.Fatalf("got %+v", got)
						}
					}
				})
			}
		}
	}
}

// The same program with one more call is killed by the filter: the filter is in force.
func TestFilterIsInForce(t *testing.T) {
	needRoot(t)
	path := minimal(t)
	order := only(t, bpf.KillProcess, unix.SYS_WRITE, unix.SYS_EXIT_GROUP, unix.SYS_EXECVE)
	got := runInner(t, order, "0 false "+path+" more", nil)
	if got.awaited != nil || got.status.Signal() != unix.SIGSYS || got.stdout != "" {
		t.Errorf("got %+v", got)
	}
}

// The program does not get the kept capability, has the old limit of files, which Go had
// raised, and inherits no descriptor. No more signals are blocked or ignored than before.
func TestProgramInheritsNothingOfTheRuntime(t *testing.T) {
	needRoot(t)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox (make deps)")
	}
	lowerFileLimit(t)
	script := filepath.Join(t.TempDir(), "script")
	text := "#!" + busybox + " sh\ngrep -E '^(Cap|Sig[BIC]|Seccomp:)' /proc/self/status\nulimit -S -n\nls -l /proc/self/fd\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, order := range []Order{{}, only(t, bpf.Allow)} {
		mode := min(len(order.Program), 2) // 2 is SECCOMP_MODE_FILTER
		got := runInner(t, order, "0 false "+script, nil)
		if got.awaited != nil || got.status.ExitStatus() != 0 {
			t.Fatalf("got %+v", got)
		}
		for _, want := range []string{
			"CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000",
			"SigBlk:\t0000000000000000", inherited(t, "grep SigIgn /proc/self/status"), "SigCgt:\t0000000000000000",
			fmt.Sprintf("Seccomp:\t%d", mode), inherited(t, "ulimit -S -n"),
		} {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("no %q in:\n%s", want, got.stdout)
			}
		}
		if strings.Contains(got.stdout, "socket:") {
			t.Errorf("the channel is open:\n%s", got.stdout)
		}
	}
}

// lowerFileLimit sets the soft limit of files below the hard one, so that Go raises it when
// a program starts.
func lowerFileLimit(t *testing.T) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: before.Max / 2, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
}

// inherited returns what a command prints in a shell that this process starts.
func inherited(t *testing.T, command string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", command).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// The thread that calls execve writes 0 to each tasks file before anything else.
func TestJoinsCgroups(t *testing.T) {
	needRoot(t)
	order := only(t, bpf.KillProcess, unix.SYS_EXECVE, unix.SYS_EXIT, unix.SYS_EXIT_GROUP)
	for range 2 {
		tasks, err := os.Create(filepath.Join(t.TempDir(), "tasks"))
		if err != nil {
			t.Fatal(err)
		}
		defer tasks.Close()
		order.Tasks = append(order.Tasks, tasks)
	}
	if got := runInner(t, order, "0 true "+minimal(t), nil); got.awaited != nil {
		t.Fatalf("got %+v", got)
	}
	for _, tasks := range order.Tasks {
		if text, err := os.ReadFile(tasks.Name()); err != nil || string(text) != "0" {
			t.Errorf("%s has %q (%v), want 0", tasks.Name(), text, err)
		}
	}
}

// A process whose filter or limits cannot be loaded does not run its program, and the shim
// gets the reason.
func TestFailsClosed(t *testing.T) {
	needRoot(t)
	path := minimal(t)
	allow := only(t, bpf.Allow)
	invalid := Order{Program: bytes.Repeat([]byte{0xff}, instructionSize)}
	unknownFlag := Order{Program: allow.Program, Flags: 1 << 30}
	readOnly, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	for _, row := range []struct {
		fact  string
		order Order
		how   string
		says  []string
		code  int
	}{
		{"no program as the kernel knows it", invalid, "0 false " + path, []string{"seccomp", "invalid argument"}, 255},
		{"a cgroup that cannot be joined", Order{Tasks: []*os.File{readOnly}, Program: allow.Program}, "0 true " + path,
			[]string{"join cgroup", "write " + os.DevNull, "bad file descriptor"}, 255},
		{"an unknown flag", unknownFlag, "0 true " + path, []string{"seccomp", "invalid argument"}, 255},
		{"a limit that the kernel does not know", Order{Program: allow.Program, Limits: []Limit{{"RLIMIT_X", 99, 1, 2}}}, "0 true " + path,
			[]string{"process.rlimits", "RLIMIT_X to 1 (hard limit 2)", "invalid argument"}, 255},
		{"a program that is cut off", Order{Program: allow.Program[:5]}, "0 true " + path, []string{"cut off"}, 99},
		{"a limit that cannot be set", Order{Limits: []Limit{{Name: "RLIMIT_NONE", Resource: 99}}}, "0 true " + path, []string{"process.rlimits", "RLIMIT_NONE", "invalid argument"}, 255},
		{"a missing file without a filter", Order{}, "0 true /no/such", []string{"exec /no/such", "no such file"}, 255},
	} {
		t.Run(row.fact, func(t *testing.T) {
			got := runInner(t, row.order, row.how, nil)
			if got.awaited == nil || got.stdout != "" || got.status.ExitStatus() != row.code {
				t.Fatalf("got %+v", got)
			}
			for _, part := range row.says {
				if !strings.Contains(got.awaited.Error(), part) {
					t.Errorf("%q does not say %q", got.awaited, part)
				}
			}
		})
	}
}

// An execve that fails under the filter ends the process by a call that the filter
// allows, or by a fault. The shim gets the reason in each case.
func TestFailedExecve(t *testing.T) {
	needRoot(t)
	const missing = "exec /no/such: no such file or directory"
	code := func(want int) func(syscall.WaitStatus) bool {
		return func(s syscall.WaitStatus) bool { return s.ExitStatus() == want }
	}
	signal := func(want syscall.Signal) func(syscall.WaitStatus) bool {
		return func(s syscall.WaitStatus) bool { return s.Signal() == want }
	}
	for _, row := range []struct {
		fact  string
		order Order
		says  string
		ended func(syscall.WaitStatus) bool
	}{
		{"there is no filter", Order{}, missing, code(255)},
		{"exit_group is allowed", only(t, bpf.ErrnoOf(1), unix.SYS_EXIT_GROUP, unix.SYS_EXECVE), missing, code(255)},
		{"nothing but execve is allowed", only(t, bpf.ErrnoOf(1), unix.SYS_EXECVE), missing, signal(unix.SIGSEGV)},
		{"all else kills", only(t, bpf.KillProcess, unix.SYS_EXECVE), missing, signal(unix.SIGSYS)},
		{"all else kills the thread", only(t, bpf.KillThread, unix.SYS_EXECVE), missing, signal(unix.SIGKILL)},
		{"nothing is allowed", only(t, bpf.ErrnoOf(1)), "exec /no/such: operation not permitted", signal(unix.SIGSEGV)},
		{"all kills", only(t, bpf.KillProcess), ErrKilled.Error(), signal(unix.SIGSYS)},
		{"all kills the thread", only(t, bpf.KillThread), ErrThreadKilled.Error(), signal(unix.SIGKILL)},
		{"execve is always interrupted", only(t, bpf.ErrnoOf(uint16(unix.EINTR))), "exec /no/such: interrupted system call", signal(unix.SIGSEGV)},
		{"execve pretends to succeed", only(t, bpf.ErrnoOf(0)), "exec /no/such: errno 0", signal(unix.SIGSEGV)},
	} {
		t.Run(row.fact, func(t *testing.T) {
			began := time.Now()
			got := runInner(t, row.order, "0 false /no/such", nil)
			if !row.ended(got.status) || got.awaited == nil || got.awaited.Error() != row.says || got.stderr != "" {
				t.Errorf("got %+v, want it to say %q", got, row.says)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A process that has no order, or one that it cannot read, runs nothing: no order does not
// mean no filter. The shared page comes with each message, so that only the order can be
// the reason.
func TestNoOrderRunsNothing(t *testing.T) {
	path := minimal(t)
	whole := only(t, bpf.Allow).encode()
	for _, row := range []struct {
		fact    string
		message []byte
		says    string
	}{
		{"nothing but the page", nil, "no order has come"},
		{"a part of the mark", whole[:len(orderMark)-1], "no order has come"},
		{"the mark alone", whole[:len(orderMark)], "no order has come"},
		{"another mark", append([]byte("seccomp1"), whole[len(orderMark):]...), "no order has come"},
		{"another mark, no filter", append([]byte("seccomp1"), Order{}.encode()[len(orderMark):]...), "no order has come"},
		{"limits that have not come", whole[:len(orderMark)+4+3], "no order has come"},
		{"fewer limits than it says", Order{Limits: make([]Limit, 2)}.encode()[:headerSize+limitSize], "cut off"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			c, err := newChannel(Order{})
			if err == nil {
				err = c.send(row.message)
			}
			if err != nil {
				t.Fatal(err)
			}
			mustRunNothing(t, c.runInner(t, fmt.Sprint(os.Getuid(), " true ", path), nil), row.says)
		})
	}
}

func mustRunNothing(t *testing.T, got outcome, says string) {
	t.Helper()
	if got.awaited == nil || got.stdout != "" || got.status.ExitStatus() != 99 || !strings.Contains(got.stderr, says) {
		t.Errorf("got %+v, want it to say %q", got, says)
	}
}

// A process runs nothing if its shim closes the channel without a message, or if the
// descriptor is not a channel.
func TestNoChannelRunsNothing(t *testing.T) {
	path := minimal(t)
	closed, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	silent, err := newChannel(Order{})
	if err != nil {
		t.Fatal(err)
	}
	silent.conn.Close()
	defer silent.Close()
	for fact, inner := range map[string]*os.File{"a closed pipe": closed, "a shim that says nothing": silent.Inner} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{innerEnv + "=" + fmt.Sprint(os.Getuid(), " true ", path)}
		cmd.ExtraFiles = []*os.File{inner}
		out, err := cmd.CombinedOutput()
		if strings.Contains(string(out), "ran") || cmd.ProcessState.ExitCode() != 99 {
			t.Errorf("%s: %v: %s", fact, err, out)
		}
	}
}

// A program that the shim starts meanwhile, such as a logging binary, inherits no end of a
// channel: it would keep the channel open, and could answer in the process's place.
func TestChannelEndsAtExecve(t *testing.T) {
	reexec.MakesNoneInheritable(t, func() {
		c, err := NewChannel(Order{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
	})
}

// A process that ends before its last act has not run its program.
func TestEarlyEnd(t *testing.T) {
	c, err := NewChannel(Order{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Started()
	if _, err := c.Load(Process{}); !errors.Is(err, ErrEarlyEnd) {
		t.Errorf("got %v", err)
	}
}
