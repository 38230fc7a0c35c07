package compare

import (
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
)

// A Setting is a difference of two profiles besides their answers.
type Setting struct {
	Field string `json:"field"` // of the profile
	A     string `json:"a"`
	B     string `json:"b"`
}

// Settings returns how the flags and the agents of two profiles differ.
func Settings(a, b *seccomp.Profile) []Setting {
	var all []Setting
	differ := func(field, a, b string) {
		if a != b {
			all = append(all, Setting{field, a, b})
		}
	}
	differ("flags", flags(a), flags(b))
	pathA, metadataA := a.Listener()
	pathB, metadataB := b.Listener()
	differ("listenerPath", pathA, pathB)
	differ("listenerMetadata", metadataA, metadataB)
	return all
}

// flags returns the flags that count. Without the field, a profile has SPEC_ALLOW where the
// kernel supports it. TSYNC has no effect: only the thread that calls execve survives.
func flags(p *seccomp.Profile) string {
	written := p.Spec().Flags
	if written == nil {
		written = []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagSpecAllow}
	}
	var names []string
	for _, flag := range written {
		if name := strings.TrimPrefix(string(flag), "SECCOMP_FILTER_FLAG_"); name != "TSYNC" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}
