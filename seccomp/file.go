package seccomp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
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
	var doc document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, malformed(data, err)
	}
	end := dec.InputOffset()
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, &InvalidError{Reason: fmt.Sprintf("more data after the profile's end at byte %d", end)}
	}
	spec, err := doc.spec()
	if err != nil {
		return nil, err
	}
	if err := checkKeys(json.NewDecoder(bytes.NewReader(data))); err != nil {
		return nil, err
	}
	return New(spec)
}

// document is a profile file: OCI's linux.seccomp, and what Docker's format
// adds to it where that can be judged harmless.
type document struct {
	specs.LinuxSeccomp
	Comment  string `json:"comment"`
	Syscalls []rule `json:"syscalls"`
}

type rule struct {
	specs.LinuxSyscall
	Comment  string     `json:"comment"`
	Includes conditions `json:"includes"`
	Excludes conditions `json:"excludes"`
}

// conditions say when a rule of Docker's format counts.
type conditions map[string]json.RawMessage

func (c conditions) String() string {
	b, err := json.Marshal(map[string]json.RawMessage(c))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (d *document) spec() (*specs.LinuxSeccomp, error) {
	spec := d.LinuxSeccomp
	for i, r := range d.Syscalls {
		for _, c := range []struct {
			name  string
			value conditions
		}{
			{"includes", r.Includes},
			{"excludes", r.Excludes},
		} {
			if len(c.value) > 0 {
				return nil, invalid(fmt.Sprintf("syscalls[%d].%s", i, c.name), c.value,
					"conditions of Docker's profile format are not part of an OCI profile")
			}
		}
		spec.Syscalls = append(spec.Syscalls, r.LinuxSyscall)
	}
	return &spec, nil
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
