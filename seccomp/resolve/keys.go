package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"seccomp-shim/mistake"
)

// checkKeys refuses annotations whose key is almost one that names a profile. If they were
// ignored, the container would run unconfined although its user asked for a profile.
func checkKeys(annotations map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if reason := misspelt(key); reason != "" {
			return fmt.Errorf("annotation %s: %s: %s", mistake.Quote(key), mistake.Quote(annotations[key]), reason)
		}
	}
	return nil
}

// misspelt returns what is wrong with an annotation's key, or "".
func misspelt(key string) string {
	if key == ProfileAnnotation || key == ObserveAnnotation || key == alphaPodAnnotation {
		return ""
	}
	if container, found := strings.CutPrefix(key, alphaContainerAnnotation); found {
		// Each container of a pod gets the annotations for all of them. So an annotation
		// for a container of another name is right.
		if isContainerName(container) {
			return ""
		}
		return fmt.Sprintf("%s cannot be the name of a pod's container", mistake.Quote(container))
	}
	switch lower := strings.ToLower(key); {
	case mistake.Distance(lower, ObserveAnnotation) < mistake.Distance(lower, ProfileAnnotation) && near(lower, ObserveAnnotation):
		return unknownKey(ObserveAnnotation)
	// The prefix also finds other separators and versions. No other project has it.
	case strings.HasPrefix(lower, "io.containerd.seccomp"), near(key, ProfileAnnotation):
		return unknownKey(ProfileAnnotation)
	case strings.HasPrefix(lower, alphaPodPrefix), near(key, alphaPodAnnotation):
		return unknownKey(alphaPodAnnotation)
	case strings.HasPrefix(lower, alphaContainerAnnotation):
		return unknownKey(alphaContainerAnnotation + "<container>")
	}
	return ""
}

func unknownKey(meant string) string {
	return fmt.Sprintf("is not known; did you mean %q?", meant)
}

// near is stricter than mistake.Near, because other projects have annotations too.
func near(key, known string) bool {
	return mistake.Distance(key, known) <= 3
}

// isContainerName reports whether a pod may have a container of this name: a DNS label
// (RFC 1123).
func isContainerName(name string) bool {
	const longest = 63
	isLetter := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }
	if name == "" || len(name) > longest || !isLetter(name[0]) || !isLetter(name[len(name)-1]) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return r != '-' && (r > 'z' || !isLetter(byte(r))) }) < 0
}
