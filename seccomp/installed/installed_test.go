package installed

import (
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

// confineEnv makes the test binary load this many filters and wait.
const confineEnv = "READBACK_FILTERS"

func TestMain(m *testing.M) {
	if count := os.Getenv(confineEnv); count != "" {
		fmt.Println(confine(count))
		time.Sleep(time.Hour) // Go ends a process whose goroutines all wait for ever
	}
	os.Exit(m.Run())
}

// confine loads filters for the first thread, which is the one that is read.
func confine(count string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	for i := range count[0] - '0' {
		raw := example(uint32(i)).Bytes()
		prog := unix.SockFprog{Len: uint16(len(raw) / 8), Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(raw)))}
		flags := uintptr(unix.SECCOMP_FILTER_FLAG_TSYNC)
		if i == 1 {
			flags |= unix.SECCOMP_FILTER_FLAG_LOG
		}
		if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog))); errno != 0 {
			return errno
		}
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

// Filters are read as they were loaded, in the order of loading, and the
// process goes on.
func TestFilters(t *testing.T) {
	for count := range 3 {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			pid := start(t, count)
			for range 2 {
				got, err := Filters(pid)
				if errors.Is(err, ErrUnsupported) {
					t.Skip(err)
				}
				if err != nil || len(got) != count {
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

func start(t *testing.T, filters int) (pid int) {
	t.Helper()
	cmd, said := self.Start(t, nil, fmt.Sprintf("%s=%d", confineEnv, filters))
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
