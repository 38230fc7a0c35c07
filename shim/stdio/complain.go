package stdio

import (
	"os"

	"golang.org/x/sys/unix"
)

// KeepStderr makes Start keep the process's end of stderr open, for Complain.
func (o *IO) KeepStderr() { o.complains = true }

// keepStderr is best effort: the text for Complain is also logged.
func (o *IO) keepStderr(stderr *os.File) {
	if stderr == nil {
		return
	}
	_ = control(stderr, func(fd uintptr) error {
		duplicate, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		if err == nil {
			o.complaints = os.NewFile(uintptr(duplicate), "stderr")
		}
		return err
	})
}

// Complain writes text to the process's stderr, for a process that could not do so
// itself, and closes the end that KeepStderr has kept. Call it once, with an empty text
// if there is nothing to say.
func (o *IO) Complain(text string) {
	if o.complaints == nil {
		return
	}
	defer o.complaints.Close()
	if text == "" {
		return
	}
	_ = control(o.complaints, func(fd uintptr) error {
		// The process has ended, so nobody else uses this end. Do not wait for a client that
		// does not read.
		if err := unix.SetNonblock(int(fd), true); err != nil {
			return err
		}
		_, err := unix.Write(int(fd), []byte(text))
		return err
	})
}
