package compile

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	libseccomp "github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// Features says what a profile may ask for on this machine: what the kernel and
// the linked libseccomp lack is left out. What is known and not supported are
// only flags, of which the OCI spec has a list of each.
func Features() *features.Seccomp {
	enabled := true
	f := &features.Seccomp{Enabled: &enabled}
	for action := range scmpActions {
		if action != specs.ActNotify || kernelHas(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER) {
			f.Actions = append(f.Actions, string(action))
		}
	}
	for operator := range scmpOperators {
		f.Operators = append(f.Operators, string(operator))
	}
	for name, arch := range archs {
		if linked(arch.scmp) {
			f.Archs = append(f.Archs, string(name))
		}
	}
	for _, flag := range seccomp.Flags() {
		f.KnownFlags = append(f.KnownFlags, string(flag))
		if kernelTakes(flag) {
			f.SupportedFlags = append(f.SupportedFlags, string(flag))
		}
	}
	for _, names := range [][]string{f.Actions, f.Operators, f.Archs, f.KnownFlags, f.SupportedFlags} {
		slices.Sort(names)
	}
	return f
}

// linked reports whether libseccomp can add an architecture to a filter of the
// native one. It cannot if it is too old, or if the byte orders differ.
func linked(arch libseccomp.ScmpArch) bool {
	filter, err := libseccomp.NewFilter(libseccomp.ActAllow)
	if err != nil {
		return false
	}
	defer filter.Release()
	return filter.AddArch(arch) == nil
}

// kernelTakes reports whether a profile with the flag can be loaded.
func kernelTakes(flag specs.LinuxSeccompFlag) bool {
	bits := flagBits[flag]
	if flag == specs.LinuxSeccompFlagWaitKillableRecv { // which the kernel takes only for a listener's filter
		bits |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	}
	return kernelHas(bits)
}
