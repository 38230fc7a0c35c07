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
