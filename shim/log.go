package shim

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/containerd/fifo"
	"github.com/containerd/log"
	"golang.org/x/sys/unix"
)

// held is what a start logs before the log is open.
var held bytes.Buffer

// holdLog keeps the log until openLog. containerd takes all that a start prints for its
// answer, standard error too (core/runtime/v2, binary.Start).
func holdLog(ctx context.Context) { log.G(ctx).Logger.SetOutput(&held) }

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
	_, err = held.WriteTo(file)
	return err
}
