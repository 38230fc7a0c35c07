package shim

import (
	"context"
	"fmt"
	"os"

	"github.com/containerd/fifo"
	"github.com/containerd/log"
	"golang.org/x/sys/unix"
)

// openLog makes the FIFO "log" of the bundle, which containerd reads, the shim's
// log and its stderr, which has the runtime's traceback if it dies.
//
// containerd's RunShim would do so, and leave the socket if it cannot.
func openLog(ctx context.Context, debug bool) error {
	logger := log.G(ctx).Logger
	_ = log.SetFormat(log.TextFormat)
	if debug {
		_ = log.SetLevel("debug")
	}
	file, err := fifo.OpenFifoDup2(ctx, "log", unix.O_WRONLY, 0o700, int(os.Stderr.Fd()))
	if err != nil {
		return fmt.Errorf("open the shim's log: %w", err)
	}
	logger.SetOutput(file)
	return nil
}
