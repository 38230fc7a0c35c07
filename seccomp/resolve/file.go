package resolve

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"seccomp-shim/seccomp"
)

// DefaultProfileRoot is where the kubelet keeps Localhost profiles.
const DefaultProfileRoot = "/var/lib/kubelet/seccomp"

// loadFile reads the profile at path, which is relative to root. Neither ".." nor a
// symbolic link leads out of root: os.Root resolves each part of the path by openat. The
// file may have Docker's format; its conditions are about a container with these
// capabilities on this node.
func loadFile(root, path string, bounding []string) (*seccomp.Profile, error) {
	full := filepath.Join(root, path)
	data, err := readFile(root, path)
	if err != nil {
		return nil, fmt.Errorf("cannot load seccomp profile %q: %w", full, err)
	}
	at, err := Here(bounding)
	if err != nil {
		return nil, err
	}
	resolved, err := seccomp.ParseFile(data, at)
	if err != nil {
		return nil, inFile(full, data, err)
	}
	return resolved.Profile, nil
}

// inFile returns an error with the file, and the line if the error names a field of it.
func inFile(full string, data []byte, err error) error {
	var invalid *seccomp.InvalidError
	if errors.As(err, &invalid) {
		if line := invalid.Line(data); line > 1 {
			return fmt.Errorf("cannot load seccomp profile %q, line %d: %w", full, line, err)
		}
	}
	return fmt.Errorf("cannot load seccomp profile %q: %w", full, err)
}

func readFile(root, path string) ([]byte, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("profile_root: %w", err)
	}
	defer dir.Close()
	// O_NONBLOCK: opening a FIFO must not wait for a writer.
	f, err := dir.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if link := outwards(dir, path); link != "" {
			err = fmt.Errorf("%s escapes from the profile root: links must be relative and stay below it, "+
				"or the option profile_root must name the folder where the files are: %w", link, err)
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("not a regular file (%s)", info.Mode().Type())
	}
	if err := seccomp.CheckSize(info.Size()); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, seccomp.MaxProfileBytes+1))
}
