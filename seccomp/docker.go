package seccomp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// A Place is what the conditions of Docker's format ask about: the container and its node.
type Place struct {
	Capabilities []string // of the container's bounding set, with OCI's names
	Arch         string   // Go's name of the node's architecture
	Kernel       Kernel   // of the node
}

// A Kernel is the beginning of a kernel's version: 6 and 18 of 6.18.3.
type Kernel struct{ Version, Revision uint64 }

// ParseKernel reads the beginning of a version, such as 6.18 or 6.18.3-amd64.
func ParseKernel(text string) (Kernel, error) {
	var k Kernel
	if _, err := fmt.Sscanf(text, "%d.%d", &k.Version, &k.Revision); err != nil {
		return Kernel{}, fmt.Errorf("%s is not the version of a kernel, such as 6.18", mistake.Quote(text))
	}
	return k, nil
}

// atLeast reports whether a kernel is not older than another.
func (k Kernel) atLeast(other Kernel) bool {
	return k.Version > other.Version || k.Version == other.Version && k.Revision >= other.Revision
}

// A Resolved profile is one of Docker's format at a place.
type Resolved struct {
	*Profile
	Entries   []int // for each entry of the profile's syscalls, the index of that of the file
	LeftOut   []int // entries of the file whose conditions do not hold
	Condition int   // the first entry with conditions; -1 if there is none
}

// A dockerFile is a profile in Docker's format, after its form was checked.
type dockerFile struct {
	specs.LinuxSeccomp
	ArchMap []struct {
		Architecture     specs.Arch
		SubArchitectures []specs.Arch
	} `json:"archMap"`
	Syscalls     []dockerRule `json:"syscalls"` // in place of LinuxSeccomp's
	DefaultErrno string       // podman's
}

type dockerRule struct {
	specs.LinuxSyscall
	Name               string
	Errno              string // podman's
	Includes, Excludes *dockerFilter
}

type dockerFilter struct {
	Caps, Arches []string
	MinKernel    string
}

// ParseDocker reads a profile in Docker's format, of at most [MaxProfileBytes], and resolves
// it at a place: entries whose conditions do not hold there are left out, and archMap is
// replaced by the architectures of the node's entry. Docker does so itself before it hands
// the profile to a runtime.
//
// It refuses what Docker ignores: unknown fields, and names of capabilities and
// architectures that can never match. The error is an [*InvalidError] with the fields of the
// file.
func ParseDocker(text []byte, at Place) (*Resolved, error) {
	file, err := readDocker(text, dockerForm)
	if err != nil {
		return nil, err
	}
	return file.resolve(at)
}

func readDocker(text []byte, f *form) (*dockerFile, error) {
	if err := CheckSize(int64(len(text))); err != nil {
		return nil, err
	}
	whole, err := checkSyntax(text)
	if err != nil {
		return nil, err
	}
	if err := noObject(whole); err != nil {
		return nil, err
	}
	if err := checkForm(text, f); err != nil {
		return nil, err
	}
	var file dockerFile
	if err := json.Unmarshal(whole, &file); err != nil {
		return nil, &InvalidError{Reason: mistake.JSON(whole, err)}
	}
	return &file, nil
}

func (f *dockerFile) resolve(at Place) (*Resolved, error) {
	spec := f.LinuxSeccomp
	if len(spec.Architectures) > 0 && len(f.ArchMap) > 0 {
		return nil, &InvalidError{Field: "archMap", Reason: "must not be set beside architectures"}
	}
	architectures, err := f.architectures(at)
	if err != nil {
		return nil, err
	}
	spec.Architectures = append(spec.Architectures, architectures...)
	spec.Syscalls = nil
	r := &Resolved{Condition: -1}
	for i, rule := range f.Syscalls {
		field := fmt.Sprintf("syscalls[%d]", i)
		call, err := rule.call(field)
		if err != nil {
			return nil, err
		}
		if r.Condition < 0 && rule.Includes.any()+rule.Excludes.any() > 0 {
			r.Condition = i
		}
		if holds, err := rule.holds(field, at); err != nil {
			return nil, err
		} else if !holds {
			r.LeftOut = append(r.LeftOut, i)
			continue
		}
		spec.Syscalls = append(spec.Syscalls, call)
		r.Entries = append(r.Entries, i)
	}
	r.Profile, err = New(&spec)
	return r, err
}

// architectures returns those of the node's entry in archMap.
func (f *dockerFile) architectures(at Place) ([]specs.Arch, error) {
	var chosen []specs.Arch
	for i, entry := range f.ArchMap {
		if err := known(fmt.Sprintf("archMap[%d].architecture", i), entry.Architecture, architectures); err != nil {
			return nil, err
		}
		for j, sub := range entry.SubArchitectures {
			if err := known(fmt.Sprintf("archMap[%d].subArchitectures[%d]", i, j), sub, architectures); err != nil {
				return nil, err
			}
		}
		if chosen == nil && string(entry.Architecture) == archOf(at.Arch).oci {
			chosen = append([]specs.Arch{entry.Architecture}, entry.SubArchitectures...)
		}
	}
	return chosen, nil
}

// call returns OCI's form of the entry, validated also if its conditions do not hold.
func (r dockerRule) call(field string) (specs.LinuxSyscall, error) {
	call := r.LinuxSyscall
	if r.Name != "" {
		if len(call.Names) > 0 {
			return call, &InvalidError{Field: field + ".name", Value: mistake.Quote(r.Name), Reason: "must not be set beside names"}
		}
		call.Names = []string{r.Name}
	}
	return call, validateRule(field, &call)
}

// any counts the conditions.
func (c *dockerFilter) any() int {
	if c == nil {
		return 0
	}
	return len(c.Caps) + len(c.Arches) + len(c.MinKernel)
}

// holds reports whether an entry counts at a place: all conditions of includes hold, and none
// of excludes.
func (r dockerRule) holds(field string, at Place) (bool, error) {
	included, err := r.Includes.hold(field+".includes", at)
	if err != nil {
		return false, err
	}
	excluded, err := r.Excludes.hold(field+".excludes", at)
	if err != nil {
		return false, err
	}
	return !slices.Contains(included, false) && !slices.Contains(excluded, true), nil
}

// hold returns the result of each condition. The names of includes.arches are one condition:
// it holds for any of them.
func (c *dockerFilter) hold(field string, at Place) ([]bool, error) {
	if c == nil {
		return nil, nil
	}
	var all []bool
	for i, name := range c.Caps {
		if !strings.HasPrefix(name, "CAP_") || strings.ToUpper(name) != name {
			return nil, invalid(fmt.Sprintf("%s.caps[%d]", field, i), name, "is not the name of a capability, such as CAP_SYS_ADMIN")
		}
		all = append(all, slices.Contains(at.Capabilities, name))
	}
	for i, name := range c.Arches {
		if !slices.Contains(dockerArchNames(), name) {
			return nil, invalid(fmt.Sprintf("%s.arches[%d]", field, i), name, "must be one of %s%s",
				strings.Join(dockerArchNames(), ", "), mistake.Meant(name, dockerArchNames()...))
		}
	}
	if len(c.Arches) > 0 {
		all = append(all, slices.Contains(c.Arches, archOf(at.Arch).docker))
	}
	if c.MinKernel != "" {
		least, err := parseMinKernel(c.MinKernel)
		if err != nil {
			return nil, invalid(field+".minKernel", c.MinKernel, "%s", err)
		}
		all = append(all, at.Kernel.atLeast(least))
	}
	return all, nil
}

func parseMinKernel(text string) (Kernel, error) {
	version, revision, found := strings.Cut(text, ".")
	var k Kernel
	var errs [2]error
	k.Version, errs[0] = strconv.ParseUint(version, 10, 8)
	k.Revision, errs[1] = strconv.ParseUint(revision, 10, 8)
	if !found || errs[0] != nil || errs[1] != nil || k == (Kernel{}) {
		return Kernel{}, fmt.Errorf(`must be a version and a revision, such as "4.8"`)
	}
	return k, nil
}

// ParseFile reads a profile in OCI's format or in Docker's, which it resolves at a place.
func ParseFile(text []byte, at Place) (*Resolved, error) {
	if IsDocker(text) {
		return ParseDocker(text, at)
	}
	p, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return &Resolved{Profile: p, Condition: -1}, nil
}
