package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// difference returns in a few words how the observations differ from the outcome, or
// "".
func (want outcome) difference(w way, observed seen) string {
	switch {
	case len(observed.left) > 0:
		return "leaves traces on the host"
	case want.serves && !observed.served:
		return "does not serve"
	case !want.serves && observed.served:
		return "serves"
	case want.serves:
		return want.differenceServing(observed)
	case !strings.Contains(observed.result.Stderr, want.says):
		return fmt.Sprintf("the error does not say %q", want.says)
	case want.refused && refuser(observed) != w.refuser:
		return "refused by " + refuser(observed)
	case observed.result.ExitCode == 0:
		return "exit code 0"
	}
	return ""
}

func (want outcome) differenceServing(observed seen) string {
	for _, name := range slices.Sorted(maps.Keys(want.probes)) {
		if got := observed.probes[name]; got != want.probes[name] {
			return fmt.Sprintf("%s: %s", name, got)
		}
	}
	switch {
	case want.logged && len(observed.calls) == 0:
		return "the kernel logs nothing"
	case !want.logged && len(observed.calls) > 0:
		return "the kernel logs calls"
	}
	return ""
}

// refuser returns which program refused a container. An error of the shim names containerd's
// request to it.
func refuser(observed seen) string {
	if strings.Contains(observed.result.Stderr, "create shim task") {
		return "the shim"
	}
	return "ctr"
}

// summary returns the observations in a few words.
func (a act) summary() string {
	if !a.seen.served {
		if a.scene.want.refused {
			return "refused by " + refuser(a.seen)
		}
		return fmt.Sprintf("does not serve, exit code %d", a.seen.result.ExitCode)
	}
	parts := []string{"serves"}
	for _, name := range slices.Sorted(maps.Keys(a.seen.probes)) {
		parts = append(parts, name+": "+a.seen.probes[name])
	}
	if n := count(a.seen.calls); n > 0 {
		parts = append(parts, fmt.Sprintf("calls logged: %d", n))
	}
	return strings.Join(parts, "; ")
}
