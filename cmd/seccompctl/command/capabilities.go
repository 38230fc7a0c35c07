package command

import (
	"fmt"
	"slices"
	"strings"

	"seccomp-shim/mistake"

	"github.com/moby/sys/capability"
)

// ctrCapabilities are the capabilities of a container of ctr run without flags, those of
// containerd's oci.WithDefaultSpec. A test compares them.
var ctrCapabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

const allCapabilities = "ALL"

// capabilities returns ctrCapabilities without those to drop, and with those to add. One in
// both lists is added.
func capabilities(add, drop []string) ([]string, error) {
	dropped, err := expand("--cap-drop", drop)
	if err != nil {
		return nil, err
	}
	added, err := expand("--cap-add", add)
	if err != nil {
		return nil, err
	}
	set := slices.DeleteFunc(slices.Clone(ctrCapabilities), func(c string) bool { return slices.Contains(dropped, c) })
	return append(set, added...), nil
}

// knownCapabilities returns OCI's names of the kernel's capabilities.
func knownCapabilities() []string {
	var known []string
	for _, c := range capability.ListKnown() {
		known = append(known, "CAP_"+strings.ToUpper(c.String()))
	}
	return known
}

// expand returns capabilities with OCI's names. A name that the kernel does not have is an
// error: it would have no effect, so it must be a mistake.
func expand(flag string, names []string) ([]string, error) {
	known := knownCapabilities()
	var all []string
	for _, name := range names {
		full := "CAP_" + strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		switch {
		case strings.EqualFold(name, allCapabilities):
			all = append(all, known...)
		case slices.Contains(known, full):
			all = append(all, full)
		default:
			return nil, fmt.Errorf("%s: %q is not a capability%s", flag, name, mistake.Meant(full, known...))
		}
	}
	return all, nil
}
