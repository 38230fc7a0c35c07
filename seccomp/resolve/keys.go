package resolve

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"seccomp-shim/mistake"
)

// checkKeys refuses annotations that ask for a profile in words that are almost right.
// To pass one over would run the container unconfined, against what was asked.
func checkKeys(annotations map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if reason := misspelt(key); reason != "" {
			return fmt.Errorf("annotation %s: %s: %s", mistake.Quote(key), mistake.Quote(annotations[key]), reason)
		}
	}
	return nil
}

// misspelt says what is wrong with an annotation's key, or nothing.
func misspelt(key string) string {
	if key == ProfileAnnotation || key == alphaPodAnnotation {
		return ""
	}
	if container, found := strings.CutPrefix(key, alphaContainerAnnotation); found {
		// All containers of a pod are given the annotations for each of them. So one
		// for a container of another name is right, and not for us to judge.
		if isContainerName(container) {
			return ""
		}
		return fmt.Sprintf("%s cannot be the name of a pod's container", mistake.Quote(container))
	}
	switch lower := strings.ToLower(key); {
	// Also other separators and versions: nobody else's annotations begin so.
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

// near is stricter than mistake.Near, for there are annotations of others.
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
