package observe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/meaning"
)

// idle is a call without an effect, and idleName its name here. The kernel answers it with
// ENOSYS.
const (
	idle     = 1000
	idleName = "idle"
)

func nativeArch(t *testing.T) (bpf.Arch, specs.Arch) {
	t.Helper()
	switch runtime.GOARCH {
	case "amd64":
		return bpf.ArchX86_64, specs.ArchX86_64
	case "arm64":
		return bpf.ArchAARCH64, specs.ArchAARCH64
	}
	t.Skip("the test knows amd64 and arm64")
	return 0, ""
}

// observed returns an observed container under a profile, with a folder for its report.
func observed(t *testing.T, mode denials.Mode, profile string) *Container {
	t.Helper()
	p, err := seccomp.Parse([]byte(profile))
	if err != nil {
		t.Fatal(err)
	}
	arch, name := nativeArch(t)
	abi := &meaning.ABI{Name: name, Arch: arch, Numbers: map[string]uint32{idleName: idle}}
	c, err := New(Config{
		Namespace: "test", ID: "c", Profile: "seccomp profile (linux.seccomp)", Spec: &specs.Spec{},
		Judge:    &denials.Judge{Profile: meaning.New(p, []*meaning.ABI{abi}), Mode: mode},
		Reports:  Reports{filepath.Join(t.TempDir(), "run", "denials")},
		Kills:    &Kills{},
		Announce: func(string, denials.Denial, denials.Mode) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // a report that is written later would find no folder
		for c.isScheduled() {
			time.Sleep(10 * time.Millisecond)
		}
		c.writing.Lock() // until the last one is written
	})
	return c
}

func (c *Container) isScheduled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scheduled
}

// confined runs f on a thread whose idle calls are notified to the container, and returns
// when it has. Its calls must not be raw: the collector would wait for them, and the supervisor
// for the collector.
func confined(t *testing.T, c *Container, f func()) {
	t.Helper()
	program, err := onIdle(bpf.UserNotif)
	if err != nil {
		t.Fatal(err)
	}
	raw := program.Bytes()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		listener, err := load(raw)
		if err == nil {
			err = c.Watch("", os.Getpid(), listener)
			listener.Close()
		}
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skip("this machine lets no thread have a listener: ", err) // without root, in some containers
	}
}

func load(raw []byte) (*os.File, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, err
	}
	prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER)
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&prog)))
	if errno == unix.EINVAL { // before Linux 5.19
		fd, _, errno = unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	}
	if errno != 0 {
		return nil, fmt.Errorf("seccomp: %w", errno)
	}
	return os.NewFile(fd, "listener"), nil
}

// loadPlain loads a filter for this thread.
func loadPlain(raw []byte) error {
	prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog))); errno != 0 {
		return errno
	}
	return nil
}

// rules returns a profile that answers idle(n) with errno n.
func rules(errnos int) string {
	var all []string
	for n := range errnos {
		all = append(all, fmt.Sprintf(`{"names":[%q],"action":"SCMP_ACT_ERRNO","errnoRet":%d,"args":[{"index":0,"op":"SCMP_CMP_EQ","value":%d}]}`, idleName, n+1, n+1))
	}
	return `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[` + strings.Join(all, ",") + `]}`
}

// Each errno arrives unchanged, and each call is counted. Beyond the limit of distinct calls
// they are counted together.
func TestEveryErrno(t *testing.T) {
	const most = 4095
	c := observed(t, denials.Enforcing, rules(most))
	var wrong []string
	confined(t, c, func() {
		for n := range uintptr(most) {
			result, _, errno := syscall.Syscall(idle, n+1, 0, 0)
			if int(result) == -most { // Go takes it for a result
				errno = most
			}
			if errno != syscall.Errno(n+1) {
				wrong = append(wrong, fmt.Sprintf("%d: %d", n+1, errno))
			}
		}
	})
	if len(wrong) > 0 {
		t.Errorf("wrong: %v", wrong)
	}
	r := c.Report()
	if r.Total() != most || len(r.Denials) != denials.MostDistinct || r.Others != most-denials.MostDistinct {
		t.Errorf("%d calls, %d distinct, %d others", r.Total(), len(r.Denials), r.Others)
	}
	if first := r.Denials[0]; first.Text != "idle(0x1)" || first.Rule != "syscalls[0]" || first.Count != 1 || first.PID != os.Getpid() {
		t.Errorf("the first is %+v", first)
	}
}

// Signals with SA_RESTART, as Go's own, change no answer and no count.
func TestSignalStorm(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(9))
	thread, stop := make(chan int, 1), make(chan struct{})
	go func() {
		tid := <-thread
		for {
			select {
			case <-stop:
				return
			default:
				_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG)
				time.Sleep(20 * time.Microsecond)
			}
		}
	}()
	const calls = 5000
	wrong := 0
	confined(t, c, func() {
		thread <- unix.Gettid()
		for range calls {
			if _, _, errno := syscall.Syscall(idle, 7, 0, 0); errno != 7 {
				wrong++
			}
		}
		close(stop)
	})
	if r := c.Report(); wrong > 0 || r.Total() != calls {
		t.Errorf("%d wrong answers, %d calls counted", wrong, r.Total())
	}
}

// On trial the call runs, and its own errno arrives.
func TestTrialContinues(t *testing.T) {
	c := observed(t, denials.Trial, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["idle"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)
	var got syscall.Errno
	confined(t, c, func() { _, _, got = syscall.Syscall(idle, 0, 0, 0) })
	if got != syscall.ENOSYS {
		t.Errorf("got errno %d", got)
	}
	if r := c.Report(); r.Total() != 1 || r.Denials[0].Answer != "KILL_PROCESS" {
		t.Errorf("the report is %+v", r)
	}
}

// If the shim cannot answer any more, refused calls fail with ENOSYS.
func TestAbandonedCallsFail(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	var before, after syscall.Errno
	confined(t, c, func() {
		_, _, before = syscall.Syscall(idle, 1, 0, 0)
		c.abandon(errors.New("by the test"))
		_, _, after = syscall.Syscall(idle, 1, 0, 0)
	})
	if before != syscall.EPERM || after != syscall.ENOSYS {
		t.Errorf("got %v, then %v", before, after)
	}
	if total := c.Report().Total(); total != 1 {
		t.Errorf("%d calls are counted", total)
	}
}

// A fault of the shim makes refused calls fail, and does not end the shim.
func TestPanic(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	c.config.Judge = &denials.Judge{Mode: denials.Enforcing, Profile: &meaning.Meaning{ABIs: []*meaning.ABIRules{nil}}}
	var got syscall.Errno
	confined(t, c, func() { _, _, got = syscall.Syscall(idle, 1, 0, 0) })
	if got != syscall.ENOSYS || c.Report().Total() != 0 {
		t.Errorf("errno %d, report %+v", got, c.Report())
	}
}

// A program under observation cannot have a listener of its own, and its refused calls are
// answered as before it has tried.
func TestNestedListener(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	program, err := onIdle(bpf.UserNotif)
	if err != nil {
		t.Fatal(err)
	}
	var nested error
	var got syscall.Errno
	confined(t, c, func() {
		_, nested = load(program.Bytes())
		_, _, got = syscall.Syscall(idle, 1, 0, 0)
	})
	if !errors.Is(nested, unix.EBUSY) || got != syscall.EPERM {
		t.Errorf("a second listener: %v; a refused call: %v", nested, got)
	}
}

// Where no report can be written, calls are answered and counted, and the end is reported.
func TestNowhereToReport(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	c.config.Reports.Dir = "/proc/nowhere/denials"
	var got syscall.Errno
	confined(t, c, func() { _, _, got = syscall.Syscall(idle, 1, 0, 0) })
	c.Exited("", 1, 1, time.Now())
	if r := c.Report(); got != syscall.EPERM || r.Total() != 1 || r.Message() == "" {
		t.Errorf("errno %d, report %+v", got, r)
	}
}

// The supervisor ends with the last process, and another process gets a new one.
func TestSupervisorEnds(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	for range 3 {
		confined(t, c, func() { syscall.Syscall(idle, 1, 0, 0) })
		ended := false
		for range 500 {
			c.mu.Lock()
			ended = c.supervisor == nil && len(c.listeners) == 0
			c.mu.Unlock()
			if ended {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if !ended {
			t.Fatal("the supervisor lives on")
		}
	}
	if total := c.Report().Total(); total != 3 {
		t.Errorf("%d calls", total)
	}
}

// A thread's name cannot forge anything, and the file has what the report has.
func TestHostileThreadName(t *testing.T) {
	c := observed(t, denials.Enforcing, rules(1))
	name := []byte("\x1b[31m\n\"<b>\xff\x00")
	confined(t, c, func() {
		syscall.Syscall6(unix.SYS_PRCTL, unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0, 0)
		syscall.Syscall(idle, 1, 0, 0)
	})
	c.Exited("", 1, 1, time.Now())
	text, err := os.ReadFile(filepath.Join(c.config.Reports.Dir, "test", "c.json"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(string(text), "\x1b<\n") || !utf8.Valid(text) {
		t.Errorf("the file has control characters: %q", text)
	}
	var r denials.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Denials) != 1 || r.Ended == nil || r.Ended.Status != 1 || !strings.Contains(r.Denials[0].Thread, `[31m\n"<b>`) {
		t.Errorf("the file says %s", text)
	}
}

// The budget lets a container have a fifth of a processor.
func TestBudget(t *testing.T) {
	now := time.Unix(1000, 0)
	b := newBudget(now)
	var worked, paused time.Duration
	for range 2_000_000 {
		const work = 10 * time.Microsecond
		now = now.Add(work)
		worked += work
		pause := b.spend(work, now)
		now = now.Add(pause)
		paused += pause
	}
	if part := float64(worked-burst) / float64(worked+paused); part > 0.2001 || part < 0.19 {
		t.Errorf("%.3f of a processor", part)
	}
	if pause := b.spend(time.Hour, now); pause > 20*time.Millisecond {
		t.Errorf("one slow call makes the container wait for %v", pause)
	}
}
