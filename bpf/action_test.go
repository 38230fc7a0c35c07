package bpf

import (
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestActionValues(t *testing.T) {
	for _, tt := range []struct {
		got  Action
		want uint32
	}{
		{KillProcess, unix.SECCOMP_RET_KILL_PROCESS},
		{KillThread, unix.SECCOMP_RET_KILL_THREAD},
		{Trap, unix.SECCOMP_RET_TRAP},
		{Errno, unix.SECCOMP_RET_ERRNO},
		{UserNotif, unix.SECCOMP_RET_USER_NOTIF},
		{Trace, unix.SECCOMP_RET_TRACE},
		{Log, unix.SECCOMP_RET_LOG},
		{Allow, unix.SECCOMP_RET_ALLOW},
		{kindMask, unix.SECCOMP_RET_ACTION_FULL},
	} {
		if uint32(tt.got) != tt.want {
			t.Errorf("%v is %#x, want %#x", tt.got, uint32(tt.got), tt.want)
		}
	}
}

func TestActionParts(t *testing.T) {
	for _, tt := range []struct {
		action Action
		kind   Action
		data   uint16
		text   string
	}{
		{KillProcess, KillProcess, 0, "KILL_PROCESS"},
		{KillThread | 1, KillThread, 1, "KILL_THREAD"},
		{Trap | 7, Trap, 7, "TRAP(7)"},
		{ErrnoOf(0), Errno, 0, "ERRNO(0)"},
		{ErrnoOf(1), Errno, 1, "ERRNO(1 operation not permitted)"},
		{ErrnoOf(38), Errno, 38, "ERRNO(38 function not implemented)"},
		{ErrnoOf(999), Errno, 999, "ERRNO(999)"},
		{ErrnoOf(0xffff), Errno, 0xffff, "ERRNO(4095)"},
		{UserNotif, UserNotif, 0, "USER_NOTIF"},
		{Trace | 0xffff, Trace, 0xffff, "TRACE(65535)"},
		{Log | 5, Log, 5, "LOG"},
		{Allow | 5, Allow, 5, "ALLOW"},
		{0x12345678, 0x12340000, 0x5678, "KILL_PROCESS(0x12345678)"},
		{0x00010000, 0x00010000, 0, "KILL_PROCESS(0x00010000)"},
	} {
		if got := tt.action.Kind(); got != tt.kind {
			t.Errorf("%v: Kind = %#x, want %#x", tt.action, uint32(got), uint32(tt.kind))
		}
		if got := tt.action.Data(); got != tt.data {
			t.Errorf("%v: Data = %d, want %d", tt.action, got, tt.data)
		}
		if got := tt.action.String(); got != tt.text {
			t.Errorf("String = %s, want %s", got, tt.text)
		}
	}
}

// Each row has an action, what Enforced returns for it, and the effect that the kernel gives
// it on getpid.
func TestEnforced(t *testing.T) {
	for _, tt := range []struct {
		action Action
		want   Action
		effect string
	}{
		{Allow, Allow, "runs"},
		{Allow | 0xffff, Allow, "runs"},
		{Log | 1, Log, "runs"},
		{ErrnoOf(0), ErrnoOf(0), "returns 0"},
		{ErrnoOf(38), ErrnoOf(38), "returns -38"},
		{ErrnoOf(4095), ErrnoOf(4095), "returns -4095"},
		{ErrnoOf(4096), ErrnoOf(4095), "returns -4095"},
		{ErrnoOf(0xffff), ErrnoOf(4095), "returns -4095"},
		{UserNotif | 1, UserNotif, "returns -38"}, // no listener
		{Trace | 1, Trace | 1, "returns -38"},     // no tracer
		{KillThread, KillThread, "kills the thread"},
		{KillThread | 1, KillThread, "kills the thread"},
		{KillProcess, KillProcess, "kills the process"},
		{KillProcess | 1, KillProcess, "kills the process"},
		{0x00010000, KillProcess, "kills the process"},
		{0x00060000, KillProcess, "kills the process"},
		{0x7ffb0000, KillProcess, "kills the process"},
		{0x80010000, KillProcess, "kills the process"},
		{0xffff0000, KillProcess, "kills the process"},
	} {
		t.Run(fmt.Sprintf("%#08x", uint32(tt.action)), func(t *testing.T) {
			if got := tt.action.Enforced(); got != tt.want {
				t.Errorf("Enforced = %v, want %v", got, tt.want)
			}
			if got := effect(t, tt.action); got != tt.effect {
				t.Errorf("the syscall %s, want %s", got, tt.effect)
			}
		})
	}
	if got := (Trap | 7).Enforced(); got != Trap|7 { // the kernel is not asked: SIGSYS ends any Go program
		t.Errorf("Enforced of %v = %v", Trap|7, got)
	}
}

// Of the actions of two filters the kernel takes the kind that is declared first, for any
// order of the filters and any data.
func TestKindsAreDeclaredInOrderOfPrecedence(t *testing.T) {
	kinds := []Action{KillProcess, KillThread, Errno | 1, UserNotif, Trace, Log, Allow}
	for i, second := range kinds[1:] {
		first := kinds[i]
		want := effect(t, first)
		for _, older := range [][]Action{{first | 1, second}, {second, first | 1}, {first | 1, second | 0xffff}} {
			if got := effect(t, older...); got != want {
				t.Errorf("under filters with %v the syscall %s, want %s", older, got, want)
			}
		}
	}
}

// effect returns what the kernel does to getpid if filters return these actions.
func effect(t *testing.T, actions ...Action) string {
	t.Helper()
	o := ownKernel(t)
	job := Job{Calls: []Call{{unix.SYS_GETPID, probed(Data{}, 0).Args}}}
	for _, a := range actions {
		job.Filters = append(job.Filters, marked(t, Instruction{Code: RetK, K: uint32(a)}).Bytes())
	}
	var outcomes []Outcome
	if err := o.rpc.Call("Kernel.Run", job, &outcomes); err != nil {
		o.process.Wait()
		if status := o.process.ProcessState.Sys().(syscall.WaitStatus); status.Signal() == syscall.SIGSYS {
			return "kills the process"
		}
		t.Fatalf("%v, helper process: %v", err, o.process.ProcessState)
	}
	switch got := outcomes[0]; {
	case got.Died:
		return "kills the thread"
	case got.Errno == 0 && got.Result == uint64(o.process.Process.Pid):
		return "runs"
	case got.Errno == 0:
		return fmt.Sprintf("returns %d", int64(got.Result))
	default:
		return fmt.Sprintf("returns -%d", got.Errno)
	}
}

func TestMayRun(t *testing.T) {
	for action, want := range map[Action]bool{
		Allow: true, Log: true, UserNotif: true, Allow | 1: true,
		ErrnoOf(0): false, ErrnoOf(1): false, Trap: false, Trace: false, KillThread: false, KillProcess: false, 0x7ffb0000: false,
	} {
		if got := action.MayRun(); got != want {
			t.Errorf("%v: %v", action, got)
		}
	}
}
