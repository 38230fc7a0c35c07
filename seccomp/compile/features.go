package compile

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-spec/specs-go/features"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
)

// Features returns what a profile may use on this machine, without what the kernel or the
// linked libseccomp lacks. The OCI spec distinguishes "known" from "supported" only for
// flags.
func Features() *features.Seccomp {
	enabled := true
	f := &features.Seccomp{Enabled: &enabled}
	for _, action := range libseccomp.Actions() {
		if action != specs.ActNotify || kernelHas(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER) {
			f.Actions = append(f.Actions, string(action))
		}
	}
	for _, operator := range libseccomp.Operators() {
		f.Operators = append(f.Operators, string(operator))
	}
	for _, arch := range libseccomp.Architectures() {
		if libseccomp.Supports(arch) {
			f.Archs = append(f.Archs, string(arch))
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

// kernelTakes reports whether a profile with the flag can be loaded.
func kernelTakes(flag specs.LinuxSeccompFlag) bool {
	bits := flagBits[flag]
	if flag == specs.LinuxSeccompFlagWaitKillableRecv { // which the kernel takes only for a listener's filter
		bits |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	}
	return kernelHas(bits)
}
