package record

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var check struct {
	sync.Mutex
	known *kernel // guarded by the lock; nil until a check has succeeded
}

// checkedKernel returns what is true of this kernel. Where a kernel keeps the ABI of a call is
// no interface, so a program of known calls is recorded first: its calls must be told apart.
func checkedKernel(tables []table) (kernel, error) {
	check.Lock()
	defer check.Unlock()
	if check.known != nil {
		return *check.known, nil
	}
	all := kernels()
	if len(all) == 0 {
		return kernel{}, errors.New("not on this architecture: only x86_64 and arm64 are known")
	}
	var err error
	for _, k := range all {
		if probe() == nil {
			err = nil
		} else {
			err = checkKernel(k, tables)
		}
		if err == nil {
			check.known = &k
			return k, nil
		}
	}
	return kernel{}, err
}

// checkKernel records the probe, and compares.
func checkKernel(k kernel, tables []table) error {
	t, err := newTracer(k, readsOf(k, tables))
	if err != nil {
		return err
	}
	defer t.detach()
	ended, err := runProbe(func(pid int) error {
		_, err := t.begin(pid, kindInit)
		return err
	})
	if err != nil {
		return fmt.Errorf("check how the kernel marks the ABI of a call: %w", err)
	}
	wanted := uint64(1)
	switch {
	case ended.Signaled() && (ended.Signal() == unix.SIGSEGV || ended.Signal() == unix.SIGSYS):
		wanted = 0 // this node makes no 32-bit calls
	case ended.ExitStatus() != 0:
		return fmt.Errorf("check how the kernel marks the ABI of a call: the program has ended with %d", ended.ExitStatus())
	}
	here, there := t.slots.count(slotIndex(kindInit, native, probeNative)), t.slots.count(slotIndex(kindInit, compat, probeCompat))
	// A filter that kills for int 0x80 does so before the call is seen.
	if here != 1 || there != wanted {
		return fmt.Errorf("this kernel marks the ABI of a call in a way that is not known: %d of 1 and %d of %d calls were seen", here, there, wanted)
	}
	return nil
}

// probeTime is far more than a program of seven calls needs.
const probeTime = 10 * time.Second

// runProbe runs the probe. It calls begin when the probe has been executed, and waits for the
// second execve: an execve that has closed its descriptors may not have been traced yet.
func runProbe(begin func(pid int) error) (ended syscall.WaitStatus, err error) {
	file, err := sealedProbe()
	if err != nil {
		return 0, err
	}
	defer file.Close()
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles, cmd.Env = []*os.File{file}, []string{}
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	late := time.AfterFunc(probeTime, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer late.Stop()
	_, err = io.ReadFull(out, make([]byte, 1))
	if err == nil {
		err = begin(cmd.Process.Pid)
	}
	if err == nil {
		_, err = in.Write([]byte{0})
	}
	in.Close()
	if waitErr := cmd.Wait(); err == nil && cmd.ProcessState == nil {
		err = waitErr
	}
	if err != nil {
		return 0, err
	}
	return cmd.ProcessState.Sys().(syscall.WaitStatus), nil
}

func sealedProbe() (*os.File, error) {
	fd, err := unix.MemfdCreate("seccomp-probe", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3
		fd, err = unix.MemfdCreate("seccomp-probe", unix.MFD_CLOEXEC)
	}
	if errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("%w (the sysctl vm.memfd_noexec is 2: no program can be executed from memory)", os.NewSyscallError("memfd_create", err))
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	file := os.NewFile(uintptr(fd), "seccomp-probe")
	if _, err := file.Write(probe()); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
