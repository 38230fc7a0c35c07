package load

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
)

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
