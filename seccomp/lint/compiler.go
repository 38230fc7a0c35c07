package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/meaning"
)

// A CompilerReport has the facts that only the compiler knows.
type CompilerReport struct {
	Libseccomp         string   // its version
	Skipped, Reemitted []string // as in compile.Result
}

// misspelt finds names that nobody knows, and that are near to one that the profile's ABIs
// have.
func misspelt(spec *specs.LinuxSeccomp, m *meaning.Meaning, unknown []string) []Finding {
	known := map[string]bool{}
	for _, abi := range m.ABIs {
		for name := range abi.Numbers {
			known[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(known))
	var all []Finding
	for _, name := range unknown {
		if near := mistake.Near(name, names...); near != "" {
			all = append(all, Finding{Warning, NameUnknown, whereNamed(spec, name),
				fmt.Sprintf("nobody knows %s, so the rule is left out for it: did you mean %s?", name, near)})
		}
	}
	return all
}

// ByCompiler returns the findings of the compiler.
func ByCompiler(c CompilerReport) []Finding {
	var all []Finding
	if len(c.Skipped) > 0 {
		all = append(all, Finding{Note, NameUnknown, "syscalls", fmt.Sprintf("libseccomp %s does not know these, nor does the table of newer syscalls, so their rules are left out: %s",
			c.Libseccomp, strings.Join(c.Skipped, ", "))})
	}
	if len(c.Reemitted) > 0 {
		all = append(all, Finding{Note, OwnEmission, "syscalls", fmt.Sprintf("libseccomp %s does not compile these as written, so they are compiled without it: %s",
			c.Libseccomp, strings.Join(c.Reemitted, ", "))})
	}
	return all
}
