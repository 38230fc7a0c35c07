package lint

import (
	"fmt"

	"seccomp-shim/seccomp"
)

// Conditions finds the conditions of a file in Docker's format. containerd reads a file that a
// pod's field localhostProfile names by encoding/json as linux.seccomp, which has no
// conditions: it drops them before the shim sees the profile.
func Conditions(file *seccomp.Resolved) []Finding {
	if file.Condition < 0 {
		return nil
	}
	return []Finding{{Warning, ConditionsDropped, fmt.Sprintf("syscalls[%d]", file.Condition),
		"Docker's conditions count for this tool, and for an annotation Localhost/...; but if a pod's field localhostProfile names the file, " +
			"containerd drops them and each entry counts for every container: write it in OCI's format (seccompctl convert)"}}
}
