package stdio

import (
	"os"

	"golang.org/x/sys/unix"
)

// KeepStderr keeps the process's end of stderr open beyond Start, for Complain.
func (o *IO) KeepStderr() { o.complains = true }

// keepStderr is best effort: what cannot be said to the client is logged all the same.
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

// Complain writes text where the process's stderr goes, for a process that cannot,
// and gives the end up that KeepStderr keeps. Call it once, with an empty text if
// there is nothing to say.
func (o *IO) Complain(text string) {
	if o.complaints == nil {
		return
	}
	defer o.complaints.Close()
	if text == "" {
		return
	}
	_ = control(o.complaints, func(fd uintptr) error {
		// Nobody else writes any more. A client that does not read is not waited for.
		if err := unix.SetNonblock(int(fd), true); err != nil {
			return err
		}
		_, err := unix.Write(int(fd), []byte(text))
		return err
	})
}
