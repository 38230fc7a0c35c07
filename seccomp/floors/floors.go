// Package floors holds the notes that say under which floor each container of a node runs. The
// shim writes them, and people read them by seccompctl floor.
package floors

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// file is in the container's bundle, so containerd removes it with the container.
const file = "seccomp-floor.json"

// A Note says under which floor a container runs.
type Note struct {
	File   string `json:"file"`            // the profile's path
	Digest string `json:"digest"`          // of the file when the container was created
	Trial  bool   `json:"trial,omitempty"` // the floor is not enforced
}

// Write writes the note of the container of a bundle.
func Write(bundle string, n Note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bundle, file), text, 0o600)
}

// Read returns the notes by bundle, of the containers whose bundles are below containerd's
// folder of running containers (its option state). Containers without a floor are left out.
func Read(state string) (map[string]Note, error) {
	files, err := filepath.Glob(filepath.Join(state, "io.containerd.runtime.v2.task", "*", "*", file))
	if err != nil {
		return nil, err
	}
	all := map[string]Note{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // removed meanwhile
		}
		var n Note
		if err := json.Unmarshal(text, &n); err != nil {
			return nil, &os.PathError{Op: "parse", Path: path, Err: err}
		}
		all[filepath.Dir(path)] = n
	}
	return all, nil
}
