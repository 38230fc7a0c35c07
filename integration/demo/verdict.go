package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// difference returns in a few words how the observations differ from the outcome, or
// "".
func (want outcome) difference(w way, what seen) string {
	switch {
	case len(what.left) > 0:
		return "leaves traces on the host"
	case want.serves && !what.served:
		return "does not serve"
	case !want.serves && what.served:
		return "serves"
	case want.serves:
		return want.differenceServing(what)
	case !strings.Contains(what.result.Stderr, want.says):
		return fmt.Sprintf("the error does not say %q", want.says)
	case want.refused && refuser(what) != w.refuser:
		return "refused by " + refuser(what)
	case what.result.ExitCode == 0:
		return "exit code 0"
	}
	return ""
}

func (want outcome) differenceServing(what seen) string {
	for _, name := range slices.Sorted(maps.Keys(want.probes)) {
		if got := what.probes[name]; got != want.probes[name] {
			return fmt.Sprintf("%s: %s", name, got)
		}
	}
	switch {
	case want.logged && len(what.records) == 0:
		return "the kernel logs nothing"
	case !want.logged && len(what.records) > 0:
		return "the kernel logs calls"
	}
	return ""
}

// refuser returns who refused a container. Once containerd has asked the shim for a
// task, errors name that request.
func refuser(what seen) string {
	if strings.Contains(what.result.Stderr, "create shim task") {
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
	if n := len(a.seen.records); n > 0 {
		parts = append(parts, fmt.Sprintf("calls logged: %d", n))
	}
	return strings.Join(parts, "; ")
}
