package load

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/reexec"
)

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
			c, err := NewSilentChannel(Order{})
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
	silent, err := NewSilentChannel(Order{})
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
