package bpf

import (
	"fmt"
	"io"
	"net/rpc"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The helper process is this test binary, started with helperEnv set. It installs the
// filters, because that cannot be undone and some of them kill. It serves a Kernel over
// its standard input and output.
const helperEnv = "SECCOMP_SHIM_BPF_TEST_HELPER"

func init() {
	if os.Getenv(helperEnv) != "" {
		runtime.LockOSThread() // to the first thread: if a job ran on it and was killed, it would stay as a zombie
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) == "" {
		os.Exit(m.Run())
	}
	unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) // no core files of threads that filters kill
	server := rpc.NewServer()
	if err := server.Register(new(Kernel)); err != nil {
		panic(err)
	}
	server.ServeConn(stdio{os.Stdin, os.Stdout})
}

type stdio struct {
	io.ReadCloser
	io.WriteCloser
}

func (s stdio) Close() error {
	s.ReadCloser.Close()
	return s.WriteCloser.Close()
}

// Kernel is the helper's RPC interface to the running kernel.
type Kernel struct{}

// A Job is filters and the syscalls to make under them.
type Job struct {
	Filters [][]byte // in the order of installation
	Calls   []Call
}

// A Call is one syscall.
type Call struct {
	Nr   uint32
	Args [argCount]uint64
}

// An Outcome is the result of a Call.
type Outcome struct {
	Died   bool // the call killed the thread
	Result uint64
	Errno  uint16
}

// Prepare parks a thread under a filter of its own. While the thread lives, TSYNC fails for
// every other thread, after the check of the filter. The reply says why the kernel cannot
// be the oracle, or is empty.
func (*Kernel) Prepare(_ struct{}, unavailable *string) error {
	allow := Program{[]Instruction{{Code: RetK, K: uint32(Allow)}}}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		ready <- install(allow.Bytes())
		select {}
	}()
	if err := <-ready; err != nil {
		*unavailable = err.Error()
	}
	return nil
}

// Check returns for each filter whether the kernel accepts it, without installing it:
// seccomp_set_mode_filter (kernel/seccomp.c) prepares the filter and refuses a bad one with
// EINVAL, before seccomp_attach_filter finds that the parked thread cannot be synchronized.
func (*Kernel) Check(filters [][]byte, verdicts *[]bool) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := noNewPrivs(); err != nil {
		return err
	}
	for i, f := range filters {
		thread, errno := setModeFilter(unix.SECCOMP_FILTER_FLAG_TSYNC, f)
		if errno != unix.EINVAL && thread <= 0 {
			return fmt.Errorf("filter %d: dry run gave %d, %w", i, thread, errno)
		}
		*verdicts = append(*verdicts, errno == 0)
	}
	return nil
}

// Run makes the calls of job, each on a thread that has the filters.
func (*Kernel) Run(job Job, outcomes *[]Outcome) error {
	for len(*outcomes) < len(job.Calls) {
		more, err := perform(job.Filters, job.Calls[len(*outcomes):])
		if err != nil {
			return err
		}
		*outcomes = append(*outcomes, more...)
	}
	return nil
}

// perform makes the calls on a new thread, up to one that kills it.
func perform(filters [][]byte, calls []Call) ([]Outcome, error) {
	thread, failed := make(chan int, 1), make(chan error, 1)
	results := make(chan Outcome, len(calls)) // sending never blocks, so the thread makes no other calls
	go func() {
		defer close(results)
		runtime.LockOSThread() // never unlocked: the thread and its filters end with the goroutine
		thread <- unix.Gettid()
		if err := install(filters...); err != nil {
			failed <- err
			return
		}
		for _, c := range calls {
			a := c.Args
			r, _, errno := unix.Syscall6(uintptr(c.Nr), uintptr(a[0]), uintptr(a[1]), uintptr(a[2]),
				uintptr(a[3]), uintptr(a[4]), uintptr(a[5]))
			results <- Outcome{Result: uint64(r), Errno: uint16(errno)}
		}
	}()
	outcomes := collect(results, <-thread)
	select {
	case err := <-failed:
		return nil, err
	default:
		return outcomes, nil
	}
}

// collect returns the results. If the thread tid ends before them, the last one is a death.
func collect(results <-chan Outcome, tid int) (outcomes []Outcome) {
	for gone := false; ; {
		select {
		case o, more := <-results:
			if !more {
				return outcomes
			}
			outcomes = append(outcomes, o)
		default:
			if gone { // and no result has come since then
				return append(outcomes, Outcome{Died: true})
			}
			gone = unix.Tgkill(unix.Getpid(), tid, 0) == unix.ESRCH
			time.Sleep(50 * time.Microsecond)
		}
	}
}

// Where returns the function that pc lies in.
func (*Kernel) Where(pc uint64, function *string) error {
	*function = runtime.FuncForPC(uintptr(pc)).Name()
	return nil
}

func install(filters ...[]byte) error {
	if err := noNewPrivs(); err != nil {
		return err
	}
	for _, f := range filters {
		if _, errno := setModeFilter(0, f); errno != 0 {
			return fmt.Errorf("seccomp(SECCOMP_SET_MODE_FILTER): %w", errno)
		}
	}
	return nil
}

// noNewPrivs lets the calling thread install filters without CAP_SYS_ADMIN.
func noNewPrivs() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
	}
	return nil
}
