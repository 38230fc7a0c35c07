// Package bundle is the directory that containerd makes for a container (OCI runtime
// spec, bundle.md): config.json, the root file system, and the address of the
// container's shim.
package bundle

import "path/filepath"

// Dir is the absolute path of a bundle.
type Dir string

func (d Dir) join(name string) string { return filepath.Join(string(d), name) }
