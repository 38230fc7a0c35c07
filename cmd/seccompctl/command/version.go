package command

import (
	"github.com/spf13/cobra"

	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/version"
)

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version, and those of its parts",
		Long: `Show the version of seccompctl, and those of its parts: of libseccomp, which compiles
profiles, and of the containerd whose default profile is RuntimeDefault.`,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, "%q: version takes no operand", args[0])
		}
		return writeVersion(cmd)
	}
	return cmd
}

func writeVersion(cmd *cobra.Command) error {
	return version.Write(cmd.OutOrStdout(), cmd.Root().Name(), libseccomp.Version())
}
