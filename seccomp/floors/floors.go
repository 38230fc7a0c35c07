// Package floors holds the notes that say under which floor each container of a node runs. The
// shim writes them, and people read them by seccompctl floor.
package floors

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

// Digest returns the digest of a floor's file, as sha256:<hexadecimal>.
func Digest(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// Write writes the note of the container of a bundle.
func Write(bundle string, n Note) error {
	text, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bundle, file), text, 0o600)
}

// Read returns the note of the container of a bundle. There is none, and found is false, if the
// container has no floor.
func Read(bundle string) (n Note, found bool, _ error) {
	path := filepath.Join(bundle, file)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &n)
	}
	if err != nil {
		return n, false, fmt.Errorf("%s: %w", path, err)
	}
	return n, true, nil
}
