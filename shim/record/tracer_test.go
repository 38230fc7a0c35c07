package record

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/libseccomp"
)

// workEnv makes this program wait for a line, execute itself, and work.
const workEnv = "RECORD_TEST_WORK"

func TestMain(m *testing.M) {
	libseccomp.Helper()
	switch os.Getenv(workEnv) {
	case "wait":
		fmt.Println("waiting")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Fprintln(os.Stderr, syscall.Exec(os.Args[0], os.Args, []string{workEnv + "=work"}))
		os.Exit(1)
	case "work":
		work()
		os.Exit(0)
	case "thread":
		fmt.Println("waiting")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		fromThread("threaded")
	case "threaded":
		getsid(perThread)
		fromThread("end")
	case "end":
		getsid(perThread)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	threadCount = 7
	perThread   = 10_000
	children    = 5
)

// work makes known numbers of calls that Go does not make by itself: in threads, in
// children and grandchildren, and with more values than are kept.
func work() {
	var all sync.WaitGroup
	for range threadCount {
		all.Go(func() {
			runtime.LockOSThread()
			for range perThread {
				syscall.RawSyscall(unix.SYS_GETSID, 0, 0, 0)
			}
		})
	}
	all.Wait()
	for i := range uintptr(100) {
		syscall.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff|i<<32, 0, 0) // reads it alone
		syscall.RawSyscall(unix.SYS_IOCTL, 1<<20, i, 0)                  // of no file
	}
	syscall.RawSyscall(5000, 0, 0, 0)
	for range children {
		if err := exec.Command("/bin/sh", "-c", "(umask; umask); exec /bin/sh -c umask").Run(); err != nil {
			panic(err)
		}
	}
}

func getsid(times int) {
	for range times {
		syscall.RawSyscall(unix.SYS_GETSID, 0, 0, 0)
	}
}

// fromThread has another thread than the first one execute this program again: it takes over
// the pid, and the first thread ends.
func fromThread(work string) {
	if unix.Gettid() == os.Getpid() { // main is locked to the first thread: see init
		go fromThread(work)
		select {}
	}
	runtime.LockOSThread()
	fmt.Fprintln(os.Stderr, syscall.Exec(os.Args[0], os.Args, []string{workEnv + "=" + work}))
	os.Exit(1)
}

// init keeps the first thread for main.
func init() { runtime.LockOSThread() }

func testTables() []table {
	var all []table
	for _, name := range conventions {
		all = append(all, newTable(libseccomp.ABI(name)))
	}
	return all
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may load BPF programs that trace")
	}
}

func startTracer(t *testing.T) *tracer {
	t.Helper()
	needRoot(t)
	tables := testTables()
	k, err := checkedKernel(tables)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newTracer(k, readsOf(k, tables))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.close)
	return tr
}

// startWorker starts a process that waits for release, executes itself, and works.
func startWorker(t *testing.T) (cmd *exec.Cmd, release func()) {
	t.Helper()
	return startAs(t, "wait")
}

// startAs starts this program for another work that begins by waiting.
func startAs(t *testing.T, work string) (cmd *exec.Cmd, release func()) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = []string{workEnv + "=" + work}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, func() {
		if _, err := in.Write([]byte("go\n")); err != nil {
			t.Error(err)
		}
	}
}

// All calls of all threads and descendants are counted, also while others work beside them,
// and no call of another process is.
func TestCountsAreExact(t *testing.T) {
	tr := startTracer(t)
	cmd, release := startWorker(t)
	other, releaseOther := startWorker(t)
	if _, err := tr.begin(cmd.Process.Pid, kindExec); err != nil {
		t.Fatal(err)
	}
	release()
	releaseOther()
	for _, each := range []*exec.Cmd{cmd, other} {
		if err := each.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	for nr, want := range map[uint32]uint64{
		unix.SYS_GETSID: threadCount * perThread, unix.SYS_PERSONALITY: 100, unix.SYS_IOCTL: 100,
		unix.SYS_UMASK: children * 6, unix.SYS_EXECVE: children * 2, 5000: 1,
	} {
		if got := tr.slots.count(slotIndex(kindExec, native, nr)); got != want {
			t.Errorf("%d calls of %d, want %d", got, nr, want)
		}
	}
	values := map[uint64]uint64{}
	if err := tr.maps.eachValues(func(k valuesKey, n uint64) { values[k.Slot] += n }); err != nil {
		t.Fatal(err)
	}
	if got := values[uint64(slotIndex(kindExec, native, unix.SYS_PERSONALITY))]; got != 100 {
		t.Errorf("%d values of personality", got)
	}
	if got := values[uint64(slotIndex(kindExec, native, unix.SYS_IOCTL))]; got != mostDistinct {
		t.Errorf("%d values of ioctl", got)
	}
	if n := tr.slots.count(slotIndex(kindInit, native, unix.SYS_GETSID)); n != 0 || tr.misses() != 0 {
		t.Errorf("%d calls of the init, %d misses", n, tr.misses())
	}
	if left := tasksLeft(t, tr); left != 0 {
		t.Errorf("%d threads are left", left)
	}
}

// A thread that is not the first one can execute a program: it is recorded before and after,
// and so is a process whose recording begins by such an execve.
func TestExecveOfAThread(t *testing.T) {
	tr := startTracer(t)
	cmd, release := startAs(t, "thread")
	if _, err := tr.begin(cmd.Process.Pid, kindInit); err != nil {
		t.Fatal(err)
	}
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := tr.slots.count(slotIndex(kindInit, native, unix.SYS_GETSID)); got != 2*perThread {
		t.Errorf("%d calls of getsid, want %d", got, 2*perThread)
	}
	if left := tasksLeft(t, tr); left != 0 {
		t.Errorf("%d threads are left", left)
	}
}

func tasksLeft(t *testing.T, tr *tracer) (n int) {
	t.Helper()
	var key, kind uint64
	all := tr.maps.tasks.Iterate()
	for all.Next(&key, &kind) {
		n++
	}
	if err := all.Err(); err != nil {
		t.Error(err)
	}
	return n
}

// A process that ends before it has called execve leaves nothing behind.
func TestForgotten(t *testing.T) {
	tr := startTracer(t)
	cmd, release := startWorker(t)
	inner, err := tr.begin(cmd.Process.Pid, kindInit)
	if err != nil {
		t.Fatal(err)
	}
	tr.forget(inner)
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := tr.slots.total(); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// A full table of threads is counted, and the calls of the threads that it has stay exact.
func TestLostTasksAreCounted(t *testing.T) {
	tr := startTracer(t)
	for i := range uint64(mostTasks - 1) {
		if err := tr.maps.tasks.Put(i, uint64(0)); err != nil {
			t.Fatal(err)
		}
	}
	cmd, release := startWorker(t)
	if _, err := tr.begin(cmd.Process.Pid, kindInit); err != nil {
		t.Fatal(err)
	}
	release()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	lost, err := tr.maps.lostCount(lostTasks)
	if err != nil || lost < 1 {
		t.Errorf("%d threads are lost, %v", lost, err)
	}
	if got := tr.slots.count(slotIndex(kindInit, native, unix.SYS_PERSONALITY)); got > 100 {
		t.Errorf("%d calls of personality", got)
	}
}
