package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// An entry's JSON in OCI's and Docker's format. OCI defines no comment; runtimes ignore it, and
// package seccomp accepts it.
type jsonEntry struct {
	Names   []string                 `json:"names"`
	Action  specs.LinuxSeccompAction `json:"action"`
	Errno   *uint                    `json:"errnoRet,omitempty"`
	Args    []jsonArg                `json:"args,omitempty"`
	Comment string                   `json:"comment"`
}

// A jsonArg has its value also if it is 0.
type jsonArg struct {
	Index    uint                       `json:"index"`
	Value    uint64                     `json:"value"`
	ValueTwo uint64                     `json:"valueTwo"`
	Op       specs.LinuxSeccompOperator `json:"op"`
}

func (p *Profile) jsonEntries() (all []jsonEntry) {
	for _, e := range p.Entries {
		entry := jsonEntry{Names: e.Names, Action: e.action(), Errno: e.Errno, Comment: e.Comment}
		for _, a := range e.Args {
			entry.Args = append(entry.Args, jsonArg(a))
		}
		all = append(all, entry)
	}
	return all
}

func (p *Profile) comment() string { return "made from " + strings.Join(p.Header, "; ") }

// OCI returns the profile as linux.seccomp of the OCI runtime spec.
func (p *Profile) OCI() ([]byte, error) {
	return indented(struct {
		Comment       string                   `json:"comment"`
		DefaultAction specs.LinuxSeccompAction `json:"defaultAction"`
		Architectures []specs.Arch             `json:"architectures"`
		Syscalls      []jsonEntry              `json:"syscalls"`
	}{p.comment(), p.Default, p.Architectures, p.jsonEntries()})
}

// Docker returns the profile in the format of docker run --security-opt seccomp=FILE.
func (p *Profile) Docker() ([]byte, error) {
	type archMap struct {
		Architecture     specs.Arch   `json:"architecture"`
		SubArchitectures []specs.Arch `json:"subArchitectures"`
	}
	return indented(struct {
		Comment       string                   `json:"comment"`
		DefaultAction specs.LinuxSeccompAction `json:"defaultAction"`
		ArchMap       []archMap                `json:"archMap"`
		Syscalls      []jsonEntry              `json:"syscalls"`
	}{p.comment(), p.Default, []archMap{{p.Architectures[0], p.Architectures[1:]}}, p.jsonEntries()})
}

func indented(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return text.Bytes(), err
}

// SPO returns the profile as a SeccompProfile of the Security Profiles Operator, in YAML. The
// name must be that of a Kubernetes object. Its texts are words of our own and of JSON, which
// is YAML, and comments of one line.
func (p *Profile) SPO(name string) ([]byte, error) {
	var text bytes.Buffer
	for _, line := range p.Header {
		fmt.Fprintf(&text, "# made from %s\n", line)
	}
	fmt.Fprintf(&text, "apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\nmetadata:\n  name: %q\nspec:\n", name)
	fmt.Fprintf(&text, "  defaultAction: %s\n  architectures:\n", p.Default)
	for _, arch := range p.Architectures {
		fmt.Fprintf(&text, "  - %s\n", arch)
	}
	fmt.Fprintf(&text, "  syscalls:\n")
	for _, e := range p.Entries {
		fmt.Fprintf(&text, "  # %s\n  - action: %s\n", e.Comment, e.action())
		if e.Errno != nil {
			fmt.Fprintf(&text, "    errnoRet: %d\n", *e.Errno)
		}
		fmt.Fprintf(&text, "    names:\n")
		for _, name := range e.Names {
			fmt.Fprintf(&text, "    - %s\n", name)
		}
		if len(e.Args) > 0 {
			fmt.Fprintf(&text, "    args:\n")
		}
		for _, a := range e.Args {
			if max(a.Value, a.ValueTwo) > 1<<63-1 {
				return nil, fmt.Errorf("%s: argument %d: the value %#x is above what a SeccompProfile can hold", e.Names[0], a.Index, max(a.Value, a.ValueTwo))
			}
			fmt.Fprintf(&text, "    - index: %d\n      op: %s\n      value: %d\n      valueTwo: %d\n", a.Index, a.Op, a.Value, a.ValueTwo)
		}
	}
	return text.Bytes(), nil
}
