package mistake

import "fmt"

// longestQuoted is how many bytes of its input a message repeats. Texts in profiles and
// annotations may have any length, and containerd sends messages in gRPC metadata.
const longestQuoted = 64

// Quote returns a value for a message. A string gets quotes and escapes, so that a log
// cannot show it as anything else; of a long string it returns the start and the length.
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
