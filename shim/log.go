package shim

import (
	"context"
	"fmt"
	"os"

	"github.com/containerd/fifo"
	"github.com/containerd/log"
	"golang.org/x/sys/unix"
)

// openLog opens the FIFO "log" in the bundle, which containerd reads, as the shim's log
// and as its stderr, where Go's runtime writes its traceback if the shim crashes.
//
// containerd's RunShim can do so too, but would leave the socket file if it fails.
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
