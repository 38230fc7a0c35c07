package container

import (
	"strings"
	"testing"
)

// The client chooses an exec's ID. containerd checks it; another client may not.
func TestExecIDsAreShown(t *testing.T) {
	const id, shown = "a\x1b[2J\nb", `"a\x1b[2J\nb"`
	_, err := (&Container{}).Process(id)
	for _, text := range []string{err.Error(), (&earlyExitError{Exec: id, Status: 1}).Error()} {
		if !strings.HasPrefix(text, "process "+shown) {
			t.Errorf("%q does not begin with process %s", text, shown)
		}
	}
}
