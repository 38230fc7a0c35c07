package lint

import (
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// A Finding is a property of a profile that its author may not expect.
type Finding struct {
	Level Level  `json:"level"`
	Topic Topic  `json:"kind"`
	Where string `json:"where"` // the field, such as syscalls[0].args[1], or empty
	Text  string `json:"text"`
}

// A Level says how important a finding is.
type Level string

// The levels.
const (
	Warning Level = "warning" // the profile probably does not do what its author wants
	Note    Level = "note"    // information
)

// ambiguous finds entries whose meaning is not obvious.
func ambiguous(spec *specs.LinuxSeccomp) []Finding {
	var all []Finding
	for i, entry := range spec.Syscalls {
		if twice := repeated(entry.Args); len(twice) > 0 {
			all = append(all, Finding{Warning, SameArgument, fmt.Sprintf("syscalls[%d].args", i),
				fmt.Sprintf("argument %d has more than one condition, so each of the %d conditions is enough (OR, as in runc)", twice[0], len(entry.Args))})
		}
	}
	return all
}
