package command

import (
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// writeBinary writes bytes that are no text. A terminal would take them for commands.
func writeBinary(cmd *cobra.Command, data []byte) error {
	if out, ok := cmd.OutOrStdout().(*os.File); ok && isTerminal(out) {
		return misuse(cmd, "-o bpf is not for a terminal: write it to a file, as in > profile.bpf")
	}
	_, err := cmd.OutOrStdout().Write(data)
	return err
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
