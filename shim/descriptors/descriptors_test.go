package descriptors

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/reexec"
)

// keepEnv makes this binary one that has inherited descriptors; its value says whether
// the kernel has close_range(2).
const keepEnv = "SECCOMP_SHIM_TEST_DESCRIPTORS"

// The test binary is also run as the process that the test examines.
func TestMain(m *testing.M) {
	if how, ok := os.LookupEnv(keepEnv); ok {
		runKeeping(how)
		return
	}
	os.Exit(m.Run())
}

func runKeeping(how string) {
	before, errBefore := reexec.Inheritable()
	if how == "without" {
		answerENOSYS(unix.SYS_CLOSE_RANGE)
	}
	err := CloseOnExec()
	after, errAfter := reexec.Inheritable()
	fmt.Println(len(before) >= 3, after, err, errBefore, errAfter)
}

// Every descriptor that a process has inherited is closed by its next execve, also on a
// kernel without close_range (before Linux 5.11).
func TestInheritedDescriptorsEndAtExecve(t *testing.T) {
	for _, how := range []string{"with", "without"} {
		files := []*os.File{os.Stdin, os.Stdin, os.Stdin} // descriptors 3 to 5
		if _, said := reexec.Start(t, files, keepEnv+"="+how); said != "true [] <nil> <nil> <nil>\n" {
			t.Errorf("%s close_range: %s", how, said)
		}
	}
}

// answerENOSYS makes a system call one that this process's kernel does not know.
func answerENOSYS(number uint32) {
	var a bpf.Assembler
	a.Load(bpf.OffsetNr)
	a.If(bpf.Equal, number, "unknown", bpf.Next)
	a.Return(bpf.Allow)
	a.Mark("unknown")
	a.Return(bpf.ErrnoOf(uint16(unix.ENOSYS)))
	program, err := a.Program()
	if err == nil {
		err = loadForAllThreads(program.Bytes())
	}
	if err != nil {
		panic(err)
	}
	if err := unix.CloseRange(3, 3, unix.CLOSE_RANGE_CLOEXEC); err != unix.ENOSYS {
		panic(err)
	}
}
