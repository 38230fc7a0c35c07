package libseccomp

import (
	"fmt"
	"os"
	"syscall"
)

// Error says that libseccomp makes no program of a profile. The profile is then enforced
// without it.
type Error struct {
	Cause error
	// Lasting says that the profile is the reason, so that the next attempt fails too. If
	// not, the reason may be the machine, which was out of memory or threads.
	Lasting bool
}

func (e *Error) Error() string {
	return fmt.Sprintf("libseccomp %s makes no program of the seccomp profile: %v", Version(), e.Cause)
}

func (e *Error) Unwrap() error { return e.Cause }

// ended returns the reason why the helper has ended without a reply.
func ended(helper *os.ProcessState, err error, said []byte) error {
	var status syscall.WaitStatus
	if helper != nil { // it was started
		status = helper.Sys().(syscall.WaitStatus)
	}
	switch {
	case status.ExitStatus() == exitSpent:
		return &Error{fmt.Errorf("no result after %d s of processor time", helperSeconds), true}
	case status.Signaled() && status.Signal() == syscall.SIGKILL: // by the kernel, out of memory, or by an administrator
	case status.Signaled(), status.ExitStatus() == exitCrashed:
		return &Error{Cause: fmt.Errorf("%w: %s", err, said)}
	}
	return fmt.Errorf("run libseccomp %s on the seccomp profile: %w: %s", Version(), err, said)
}
