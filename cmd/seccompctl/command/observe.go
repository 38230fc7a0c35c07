package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// An observeFlag is the value of the flag --observe: the mode in which the container that is
// meant is observed.
type observeFlag struct{ mode denials.Mode }

func (f *observeFlag) addFlag(cmd *cobra.Command) {
	modes := []string{string(denials.Enforcing), string(denials.Trial)}
	cmd.Flags().Var(f, "observe", "the observed form of the profile that the shim loads in this mode: denials or trial")
	complete(cmd, "observe", modes)
}

func (f *observeFlag) String() string { return string(f.mode) }
func (f *observeFlag) Type() string   { return "mode" }
func (f *observeFlag) Set(value string) error {
	mode := denials.Mode(value)
	if mode == denials.Off || !mode.Known() {
		return fmt.Errorf("must be %s or %s%s", denials.Enforcing, denials.Trial, mistake.Meant(value, string(denials.Enforcing), string(denials.Trial)))
	}
	f.mode = mode
	return nil
}
