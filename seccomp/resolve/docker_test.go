package resolve

import (
	"os"
	"path/filepath"
	"testing"

	"seccomp-shim/seccomp/seccomptest"
)

// A file in Docker's format is resolved for the container's capabilities.
func TestLocalhostInDockersFormat(t *testing.T) {
	root := t.TempDir()
	const text = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},
		{"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}}]}`
	seccomptest.Must(t, os.WriteFile(filepath.Join(root, "docker.json"), []byte(text), 0o644))
	for capability, entries := range map[string]int{"CAP_SYS_ADMIN": 2, "CAP_CHOWN": 1} {
		r := annotated(ours, "Localhost/docker.json")
		r.ProfileRoot, r.Capabilities = root, []string{capability}
		choice, err := resolve(r)
		seccomptest.Must(t, err)
		p, err := choice.Load()
		seccomptest.Must(t, err)
		if got := len(p.Spec().Syscalls); got != entries {
			t.Errorf("%s: %d entries, want %d", capability, got, entries)
		}
	}
}
