package mistake

import "fmt"

// longestQuoted bounds what a message repeats of its input, in bytes. Profiles and
// annotations may hold texts of any length, and messages travel in gRPC metadata.
const longestQuoted = 64

// Quote renders a value for a message: a string in quotes and with escapes, so that it
// cannot pass for anything else in a log; of a long one the beginning and its length.
func Quote(value any) string {
	s, isString := value.(string)
	if !isString {
		return Shorten(fmt.Sprint(value))
	}
	if len(s) > longestQuoted {
		return fmt.Sprintf("%q… (%d bytes)", s[:longestQuoted], len(s))
	}
	return fmt.Sprintf("%q", s)
}
