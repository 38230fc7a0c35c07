package resolve

import (
	"fmt"
	"path/filepath"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/floors"
)

// A Floor is the profile of a handler's operator that holds for each container of the handler,
// together with the profile that the container has.
type Floor struct {
	Profile *seccomp.Profile // nil if the handler has none
	Origin  string           // the option and its value, for messages
	File    string           // the absolute path
	Digest  string           // of the file's bytes, as sha256:<hexadecimal>
}

// LoadFloor reads the floor that the options name. The file is read once: one that is
// replaced meanwhile is the old one or the new one, or is no JSON and refused.
func LoadFloor(options Options) (Floor, error) {
	if options.Floor == "" {
		return Floor{}, nil
	}
	if source, _, ok := names.read(options.Floor); ok && source != Localhost {
		return Floor{}, fmt.Errorf("option floor: %s: must be Localhost/<path>", mistake.Quote(options.Floor))
	}
	r := request{Options: options}
	choice, err := r.parseName("option floor", options.Floor, names)
	if err != nil {
		return Floor{}, err
	}
	floor := Floor{Origin: choice.Origin, File: filepath.Join(r.root(), choice.Path)}
	data, err := readFile(r.root(), choice.Path)
	if err == nil {
		floor.Profile, err = seccomp.Parse(data)
	}
	if err != nil {
		return Floor{}, fmt.Errorf("%s: %w", floor.Origin, inFile(floor.File, data, err))
	}
	floor.Digest = floors.Digest(data)
	return floor, nil
}
