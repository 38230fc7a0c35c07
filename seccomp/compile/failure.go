package compile

import (
	"fmt"
	"os"
	"syscall"
)

// libseccompError says that libseccomp makes no program of a profile. The profile
// is then enforced without it.
type libseccompError struct {
	cause error
	// lasting: the profile is the reason, so that the next attempt fails too. If not,
	// it may be the machine, which was out of memory or threads.
	lasting bool
}

func (e *libseccompError) Error() string {
	return fmt.Sprintf("libseccomp %s makes no program of the seccomp profile: %v", LibraryVersion(), e.cause)
}

func (e *libseccompError) Unwrap() error { return e.cause }

// andThen returns what to say if the profile cannot be enforced without libseccomp
// either. A failure that does not last must not become a refusal, which would.
func (e *libseccompError) andThen(err error) error {
	if e.lasting {
		return fmt.Errorf("%w; without libseccomp: %w", e, err)
	}
	return fmt.Errorf("%w; without libseccomp: %v", e, err)
}

// ended says why the helper ended without a reply.
func ended(helper *os.ProcessState, err error, said []byte) error {
	var status syscall.WaitStatus
	if helper != nil { // it was started
		status = helper.Sys().(syscall.WaitStatus)
	}
	switch {
	case status.ExitStatus() == exitSpent:
		return &libseccompError{fmt.Errorf("no result after %d s of processor time", helperSeconds), true}
	case status.Signaled() && status.Signal() == syscall.SIGKILL: // by the kernel, out of memory, or by an administrator
	case status.Signaled(), status.ExitStatus() == exitCrashed:
		return &libseccompError{cause: fmt.Errorf("%w: %s", err, said)}
	}
	return fmt.Errorf("run libseccomp %s on the seccomp profile: %w: %s", LibraryVersion(), err, said)
}
