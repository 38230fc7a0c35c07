package installed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/self"
)

// confineEnv makes the test binary load this many filters and wait. addThreadEnv makes one
// of its threads load one more; countEnv makes one count in a file until it is killed.
const (
	confineEnv   = "READBACK_FILTERS"
	addThreadEnv = "READBACK_THREAD"
	countEnv     = "READBACK_COUNT"
)

func TestMain(m *testing.M) {
	if filters := os.Getenv(confineEnv); filters != "" {
		err := confine(filters)
		if os.Getenv(addThreadEnv) != "" {
			loaded := make(chan error)
			go func() {
				runtime.LockOSThread()
				loaded <- load(9, 0)
				select {}
			}()
			err = errors.Join(err, <-loaded)
		}
		if path := os.Getenv(countEnv); path != "" {
			err = errors.Join(err, count(path))
		}
		fmt.Println(err)
		time.Sleep(time.Hour) // Go ends a process if all goroutines are blocked
	}
	os.Exit(m.Run())
}

// confine loads filters for the first thread, whose filters the test reads.
func confine(n string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for i := range n[0] - '0' {
		flags := uintptr(unix.SECCOMP_FILTER_FLAG_TSYNC)
		if i == 1 {
			flags |= unix.SECCOMP_FILTER_FLAG_LOG
		}
		if err := load(uint32(i), flags); err != nil {
			return err
		}
	}
	return nil
}

// count increments the first word of a file, which the parent reads, until it is killed.
func count(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	page, err := unix.Mmap(int(f.Fd()), 0, 8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	go func() {
		for n := uint64(1); ; n++ {
			binary.NativeEndian.PutUint64(page, n)
		}
	}()
	return nil
}

// load loads the ith example for the calling thread, or for all threads by a flag.
func load(i uint32, flags uintptr) error {
	raw := example(i).Bytes()
	prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog))); errno != 0 {
		return errno
	}
	return nil
}

// example returns the ith of some programs that allow everything.
func example(i uint32) bpf.Program {
	p, err := bpf.New([]bpf.Instruction{{Code: bpf.LdImm, K: i}, {Code: bpf.RetK, K: uint32(bpf.Allow)}})
	if err != nil {
		panic(err)
	}
	return p
}

// Filters returns the filters as they were loaded, in the order of loading, and the process
// continues.
func TestFilters(t *testing.T) {
	for n := range 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			pid := start(t, n)
			for range 2 {
				got, err := Filters(pid)
				if errors.Is(err, ErrUnsupported) {
					t.Skip(err)
				}
				if err != nil || len(got) != n {
					t.Fatalf("got %d filters, %v", len(got), err)
				}
				for i, f := range got {
					if !f.Program.Equal(example(uint32(i))) || f.Logs != (i == 1) {
						t.Errorf("filter %d is\n%v, logs: %v", i, f.Program, f.Logs)
					}
				}
			}
		})
	}
}

func start(t *testing.T, filters int, env ...string) (pid int) {
	t.Helper()
	cmd, said := self.Start(t, nil, append(env, fmt.Sprintf("%s=%d", confineEnv, filters))...)
	if said != "<nil>\n" {
		t.Fatalf("load filters: %q", said)
	}
	return cmd.Process.Pid
}

func TestFiltersOfNobody(t *testing.T) {
	if got, err := Filters(1 << 30); !errors.Is(err, unix.ESRCH) {
		t.Errorf("got %v, %v", got, err)
	}
}
