package bundle

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/errdefs"

	"seccomp-shim/mistake"
)

// Config reads config.json. Its errors are errdefs.ErrInvalidArgument for a path that is
// not absolute, and [os.ErrNotExist].
func (d Dir) Config() ([]byte, error) {
	if !filepath.IsAbs(string(d)) {
		return nil, fmt.Errorf("bundle %q: must be an absolute path: %w", string(d), errdefs.ErrInvalidArgument)
	}
	return os.ReadFile(d.join("config.json"))
}

// Annotations returns the annotations in config.json. It decodes nothing else: a
// profile can make the spec long, and start runs in a process of its own.
func (d Dir) Annotations() (map[string]string, error) {
	config, err := d.Config()
	if err != nil {
		return nil, err
	}
	var spec struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(config, &spec); err != nil {
		return nil, fmt.Errorf("%s/config.json: %s", d, mistake.JSON(config, err))
	}
	return spec.Annotations, nil
}
