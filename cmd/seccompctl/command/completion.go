package command

import (
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
)

// complete completes the values of a flag, also behind a comma.
func complete(cmd *cobra.Command, flag string, words []string) {
	// This fails only for a flag that does not exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return behind(typed, ",", words), cobra.ShellCompDirectiveNoFileComp
	})
}

// behind returns the words, each behind what is typed up to the last separator.
func behind(typed, separator string, words []string) []string {
	before := typed[:strings.LastIndex(typed, separator)+1]
	all := make([]string, 0, len(words))
	for _, word := range words {
		if strings.HasPrefix(before+word, typed) {
			all = append(all, before+word)
		}
	}
	return all
}

// completeProfiles completes operands that are profiles: files, and RuntimeDefault.
func completeProfiles(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return behind(typed, "\x00", []string{runtimeDefault}), cobra.ShellCompDirectiveDefault
}

// completeTwo completes the operands A and B.
func completeTwo(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeProfiles(cmd, args, typed)
}

// completeOne completes a single profile.
func completeOne(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return completeProfiles(cmd, args, typed)
}

// completeCall completes the operands of explain: profiles, a syscall, its arguments.
func completeCall(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	profiles := 0
	for profiles < len(args) && (profiles == 0 || isFile(args[profiles])) {
		profiles++
	}
	if spec, err := cmd.Flags().GetString("spec"); err == nil && spec != "" {
		profiles = 0
	}
	switch call := len(args) - profiles; {
	case len(args) == 0 && profiles == 0 && !cmd.Flags().Changed("spec"):
		return completeProfiles(cmd, args, typed)
	case call == 0 && profiles > 0:
		return behind(typed, "\x00", append(syscallNames(), runtimeDefault)), cobra.ShellCompDirectiveDefault
	case call == 0:
		return behind(typed, "\x00", syscallNames()), cobra.ShellCompDirectiveNoFileComp
	case call <= maxArguments:
		return behind(typed, "|", slices.Sorted(maps.Keys(constants))), cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// syscallNames returns the names of the native syscalls, sorted.
func syscallNames() []string {
	return slices.Sorted(maps.Keys(libseccomp.ABI(libseccomp.Native()).Numbers))
}

// nearestSyscall returns the end of a message: the syscall of a profile's ABIs that was
// probably meant.
func nearestSyscall(m *meaning.Meaning, name string) string {
	known := map[string]bool{}
	for _, abi := range m.ABIs {
		for syscall := range abi.Numbers {
			known[syscall] = true
		}
	}
	return mistake.Meant(name, slices.Sorted(maps.Keys(known))...)
}
