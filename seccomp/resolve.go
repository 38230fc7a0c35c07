package seccomp

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// Annotations that name a profile.
const (
	// ProfileAnnotation is this runtime's own; its values are those of
	// Kubernetes' securityContext.seccompProfile, in one word.
	ProfileAnnotation = "io.containerd.seccomp.v1/profile"

	// Kubernetes' annotations of the time before v1.19 (alpha), removed in
	// v1.27. The first is completed by the container's name.
	alphaContainerAnnotation = "container.seccomp.security.alpha.kubernetes.io/"
	alphaPodPrefix           = "seccomp.security.alpha.kubernetes.io/"
	alphaPodAnnotation       = alphaPodPrefix + "pod"

	// containerNameAnnotation is how containerd's CRI plugin tells a runtime
	// the container's name in its pod.
	containerNameAnnotation = "io.kubernetes.cri.container-name"
	// containerTypeAnnotation is sandbox for the process that holds a pod's
	// namespaces.
	containerTypeAnnotation = "io.kubernetes.cri.container-type"
)

// Annotations are those that name a profile. One that ends in a slash stands for
// all that begin so.
func Annotations() []string {
	return []string{ProfileAnnotation, alphaContainerAnnotation, alphaPodAnnotation}
}

// Kind is where a profile comes from.
type Kind int

// The kinds of a [Choice].
const (
	Unconfined     Kind = iota // no profile at all
	Inline                     // linux.seccomp of the OCI spec
	RuntimeDefault             // containerd's default for the container's capabilities
	Localhost                  // a file under the profile root
)

func (k Kind) String() string {
	return [...]string{"Unconfined", "Inline", "RuntimeDefault", "Localhost"}[k]
}

// Request is everything that [Resolve] looks at.
type Request struct {
	Inline       *specs.LinuxSeccomp // linux.seccomp; nil if the spec has none
	Annotations  map[string]string   // of the OCI spec
	Capabilities []string            // process.capabilities.bounding, which RuntimeDefault depends on
	UnsetProfile string              // handler option: what applies when nothing is said; "" for none
	ProfileRoot  string              // handler option: where Localhost paths start; "" for DefaultProfileRoot
}

// Choice is the profile that applies to a container, not yet read.
type Choice struct {
	Kind   Kind
	Path   string // Localhost only: relative to the profile root
	Origin string // what decided, for people: a field, an annotation with its value, an option

	request Request
}

// Resolve chooses the profile by the table of the package doc. It does no I/O;
// an unknown or escaping value is an error that names where it stands, as is an
// annotation that is almost one of the table.
func Resolve(r Request) (Choice, error) {
	if err := checkKeys(r.Annotations); err != nil {
		return Choice{}, err
	}
	chosen := Choice{Kind: Unconfined, Origin: "nothing names a profile"}
	if r.UnsetProfile != "" {
		c, err := r.parseName("option unset_profile", r.UnsetProfile, names)
		if err != nil {
			return Choice{}, err
		}
		chosen = c
	}
	// From the weakest to the strongest, so that each present one is checked.
	for _, a := range annotations(r.Annotations) {
		value, present := r.Annotations[a.key]
		if !present {
			continue
		}
		c, err := r.parseName("annotation "+a.key, value, a.names)
		if err != nil {
			return Choice{}, err
		}
		chosen = c
	}
	if chosen.Kind == Localhost && r.Annotations[containerTypeAnnotation] == "sandbox" {
		chosen = Choice{Kind: RuntimeDefault, Origin: chosen.Origin + ", which is not for the pod's sandbox"}
	}
	if r.Inline != nil {
		chosen = Choice{Kind: Inline, Origin: "linux.seccomp"}
	}
	chosen.request = r
	return chosen, nil
}

type annotation struct {
	key   string
	names vocabulary
}

// annotations lists the annotations that matter for a container, the weakest first.
func annotations(all map[string]string) []annotation {
	list := []annotation{{alphaPodAnnotation, alphaNames}}
	if name := all[containerNameAnnotation]; name != "" {
		list = append(list, annotation{alphaContainerAnnotation + name, alphaNames})
	}
	return append(list, annotation{ProfileAnnotation, names})
}

func (r Request) parseName(where, value string, known vocabulary) (Choice, error) {
	origin := fmt.Sprintf("%s: %s", where, quote(value))
	kind, path, ok := known.read(value)
	if !ok {
		return Choice{}, fmt.Errorf("%s: %s is not a known seccomp profile: must be %s%s", where, quote(value), known, known.meant(value, r.root()))
	}
	// IsLocal: relative, not empty, never above its start. Links are judged at Load.
	if kind == Localhost && (!filepath.IsLocal(path) || strings.ContainsRune(path, 0) || len(path) >= syscall.PathMax) {
		return Choice{}, fmt.Errorf("%s: %s: the path must lead down from the profile root", where, quote(value))
	}
	return Choice{Kind: kind, Path: path, Origin: origin}, nil
}

func (r Request) root() string {
	if r.ProfileRoot == "" {
		return DefaultProfileRoot
	}
	return r.ProfileRoot
}

// Load obtains the chosen profile, or nil for Unconfined.
func (c Choice) Load() (*Profile, error) {
	switch c.Kind {
	case Unconfined:
		return nil, nil
	case Inline:
		p, err := New(c.request.Inline)
		if err != nil {
			return nil, fmt.Errorf("linux.seccomp: %w", err)
		}
		return p, nil
	case RuntimeDefault:
		return defaultProfile(c.request.Capabilities)
	case Localhost:
		p, err := loadFile(c.request.root(), c.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Origin, err)
		}
		return p, nil
	}
	return nil, fmt.Errorf("load seccomp profile: unknown kind %d", c.Kind)
}
