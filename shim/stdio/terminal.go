package stdio

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// terminal is the master side of a process's pseudo terminal.
//
// While the process lives, the shim keeps the slave side open too. A process may close
// its last descriptor of the terminal and open it again; without the shim's descriptor
// the master would report a hangup (EIO) in between.
type terminal struct {
	master  *os.File // shared with the input and the copier; the first of them to end closes it
	slave   *os.File
	release func() // closes the slave side
}

func newTerminal(master *os.File) (*terminal, error) {
	var slave *os.File
	err := control(master, func(fd uintptr) error {
		// TIOCGPTPEER (Linux 4.13) needs no path, which only the container's devpts has.
		peer, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, unix.TIOCGPTPEER, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC)
		if errno != 0 {
			return os.NewSyscallError("ioctl(TIOCGPTPEER)", errno)
		}
		slave = os.NewFile(peer, "pts")
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &terminal{master: master, slave: slave, release: sync.OnceFunc(func() { slave.Close() })}, nil
}

func (t *terminal) resize(width, height uint16) error {
	return control(t.master, func(fd uintptr) error {
		size := &unix.Winsize{Row: height, Col: width}
		return os.NewSyscallError("ioctl(TIOCSWINSZ)", unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size))
	})
}

// close hangs the terminal up: the kernel sends SIGHUP to its session.
func (t *terminal) close() {
	t.release()
	t.master.Close()
}

// attachTerminal connects the streams with the terminal, whose master side it then owns.
func (o *IO) attachTerminal(master *os.File) error {
	t, err := newTerminal(master)
	if err != nil {
		master.Close()
		return fmt.Errorf("open terminal: %w", err)
	}
	o.mu.Lock()
	o.terminal = t
	o.mu.Unlock()
	if o.input != nil {
		// The end of stdin closes it, which hangs the terminal up, as with runc's shim.
		o.input.dst = master
	}
	if o.streams.Stdout == "" {
		return nil
	}
	dst, err := o.openSink("stdout", o.streams.Stdout)
	if err != nil {
		return fmt.Errorf("open stdout %q: %w", o.streams.Stdout, err)
	}
	o.copies = append(o.copies, newCopier(master, dst))
	return nil
}
