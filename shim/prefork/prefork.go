package prefork

// extern int prefork_answer_pipe;
import "C"

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// answered is the byte in front of an answer.
const answered = 'A'

// IsChild reports whether this process is the child of a start. Its arguments are
// those of the start without the action.
func IsChild() bool { return C.prefork_answer_pipe >= 0 }

// Answer has the parent write the answer to its stdout and exit. From then on this
// process has /dev/null as its standard streams, so that the one who started the
// parent sees the end of its output.
//
// It fails if the parent is no more.
func Answer(answer []byte) error {
	if !IsChild() {
		return errors.New("answer the start: this process is not the child of one")
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	for _, stream := range []int{unix.Stdin, unix.Stdout, unix.Stderr} {
		if err := unix.Dup2(int(null.Fd()), stream); err != nil {
			return fmt.Errorf("answer the start: dup2: %w", err)
		}
	}
	pipe := os.NewFile(uintptr(C.prefork_answer_pipe), "pipe to the start")
	C.prefork_answer_pipe = -1
	_, err = pipe.Write(append([]byte{answered}, answer...))
	if err := errors.Join(err, pipe.Close()); err != nil {
		return fmt.Errorf("answer the start: %w", err)
	}
	return nil
}
