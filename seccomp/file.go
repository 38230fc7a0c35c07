package seccomp

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// DefaultProfileRoot is where the kubelet keeps Localhost profiles.
const DefaultProfileRoot = "/var/lib/kubelet/seccomp"

// Parse reads a profile in the JSON form of OCI's linux.seccomp. A field that
// OCI does not define is an error, because dropping it may change what the
// profile means; "comment" is accepted, as Docker's and Podman's profiles have
// it. The error is an [*InvalidError].
func Parse(data []byte) (*Profile, error) {
	if len(data) > MaxProfileBytes {
		return nil, tooLarge(int64(len(data)))
	}
	whole, err := checkSyntax(data)
	if err != nil {
		return nil, err
	}
	if err := noObject(whole); err != nil {
		return nil, err
	}
	if err := checkForm(data, profileForm); err != nil {
		return nil, err
	}
	var spec specs.LinuxSeccomp
	if err := json.Unmarshal(whole, &spec); err != nil {
		return nil, &InvalidError{Reason: mistake.JSON(whole, err)}
	}
	return New(&spec)
}

// loadFile reads the profile at path, relative to root. Neither ".." nor a
// symbolic link leads out of root (os.Root resolves with openat, link by link).
func loadFile(root, path string) (*Profile, error) {
	full := filepath.Join(root, path)
	data, err := readFile(root, path)
	if err != nil {
		return nil, fmt.Errorf("cannot load seccomp profile %q: %w", full, err)
	}
	p, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("cannot load seccomp profile %q: %w", full, err)
	}
	return p, nil
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
	if info.Size() > MaxProfileBytes {
		return nil, tooLarge(info.Size())
	}
	return io.ReadAll(io.LimitReader(f, MaxProfileBytes+1))
}
