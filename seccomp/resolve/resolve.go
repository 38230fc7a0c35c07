package resolve

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
)

// Annotations that name a profile.
const (
	// ProfileAnnotation is this runtime's own. Its values are those of Kubernetes'
	// securityContext.seccompProfile as one word, such as Localhost/PATH.
	ProfileAnnotation = "io.containerd.seccomp.v1/profile"

	// ObserveAnnotation asks for a container to be observed. Its values are the modes of
	// package denials.
	ObserveAnnotation = "io.containerd.seccomp.v1/observe"

	// Annotations of Kubernetes before v1.19 (alpha), which v1.27 removed. The container's
	// name follows the first.
	alphaContainerAnnotation = "container.seccomp.security.alpha.kubernetes.io/"
	alphaPodPrefix           = "seccomp.security.alpha.kubernetes.io/"
	alphaPodAnnotation       = alphaPodPrefix + "pod"

	// containerNameAnnotation has the container's name in its pod. containerd's CRI plugin
	// sets it.
	containerNameAnnotation = "io.kubernetes.cri.container-name"
	// containerTypeAnnotation is sandbox for the process that holds a pod's
	// namespaces.
	containerTypeAnnotation = "io.kubernetes.cri.container-type"
)

// Annotations returns the keys of the annotations that this runtime obeys. A key that ends in
// a slash is a prefix: a container's name follows it.
func Annotations() []string {
	return []string{ProfileAnnotation, ObserveAnnotation, alphaContainerAnnotation, alphaPodAnnotation}
}

// Source is where a profile comes from.
type Source int

// The sources of a [Choice].
const (
	Unconfined     Source = iota // no profile at all
	Inline                       // linux.seccomp of the OCI spec
	RuntimeDefault               // containerd's default for the container's capabilities
	Localhost                    // a file under the profile root
)

func (s Source) String() string {
	return [...]string{"Unconfined", "Inline", "RuntimeDefault", "Localhost"}[s]
}

// Options are the options of the handler that concern profiles.
type Options struct {
	UnsetProfile string       // the name of the profile where the spec names none; "" for no profile
	ProfileRoot  string       // where Localhost paths start; "" for DefaultProfileRoot
	Observe      denials.Mode // how containers are observed
	AllowTrial   bool         // an annotation may ask for denials.Trial
	Floor        string       // the name of the floor; "" for none
	AllowRecord  bool         // an annotation may ask for denials.Recorded
	// RecordUnder names the profile that is enforced while a container is recorded: as
	// UnsetProfile, or underOwn; "" for no profile.
	RecordUnder string
}

// A request is everything that a choice depends on.
type request struct {
	Inline       *specs.LinuxSeccomp // linux.seccomp; nil if the spec has none
	Annotations  map[string]string   // of the OCI spec
	Capabilities []string            // process.capabilities.bounding, which RuntimeDefault and Docker's format depend on
	Options
}

// A Choice is the profile that applies to a container, before it is read.
type Choice struct {
	Source Source
	Path   string // Localhost only: relative to the profile root
	Origin string // what decided, for messages: a field, or an annotation or option with its value

	Observation Observation
	Sandbox     bool // the process only holds a pod's namespaces

	request request
}

// Choose returns the profile that applies to a container with this OCI spec, by the table
// of the package's documentation. It does no I/O. An unknown value, a path out of the
// profile root and an annotation that is almost one of the table are errors that name the
// annotation or option.
func Choose(spec *specs.Spec, options Options) (Choice, error) {
	r := request{Annotations: spec.Annotations, Options: options}
	if spec.Linux != nil {
		r.Inline = spec.Linux.Seccomp
	}
	if spec.Process != nil && spec.Process.Capabilities != nil {
		r.Capabilities = spec.Process.Capabilities.Bounding
	}
	return resolve(r)
}

func resolve(r request) (Choice, error) {
	if err := checkKeys(r.Annotations); err != nil {
		return Choice{}, err
	}
	chosen := Choice{Source: Unconfined, Origin: "nothing names a profile"}
	if r.UnsetProfile != "" {
		c, err := r.parseName("option unset_profile", r.UnsetProfile, names)
		if err != nil {
			return Choice{}, err
		}
		chosen = c
	}
	// From the weakest to the strongest, so that each one that is present is checked.
	for _, a := range relevantAnnotations(r.Annotations) {
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
	if chosen.Source == Localhost && r.isSandbox() {
		chosen = Choice{Source: RuntimeDefault, Origin: chosen.Origin + ", which is not for the pod's sandbox"}
	}
	observation, err := r.observation()
	if err != nil {
		return Choice{}, err
	}
	if r.Inline != nil {
		chosen = Choice{Source: Inline, Origin: "linux.seccomp"}
	}
	under, err := r.recordedUnder(chosen)
	if err != nil {
		return Choice{}, err
	}
	if observation.Mode == denials.Recorded {
		chosen = under
	}
	chosen.request, chosen.Observation = r, observation
	chosen.Sandbox = r.isSandbox()
	return chosen, nil
}

// isSandbox reports whether the process only holds a pod's namespaces.
func (r request) isSandbox() bool { return r.Annotations[containerTypeAnnotation] == "sandbox" }

type annotation struct {
	key   string
	names vocabulary
}

// relevantAnnotations returns the annotations that count for a container, the weakest
// first.
func relevantAnnotations(all map[string]string) []annotation {
	list := []annotation{{alphaPodAnnotation, alphaNames}}
	if name := all[containerNameAnnotation]; name != "" {
		list = append(list, annotation{alphaContainerAnnotation + name, alphaNames})
	}
	return append(list, annotation{ProfileAnnotation, names})
}

func (r request) parseName(where, value string, known vocabulary) (Choice, error) {
	origin := fmt.Sprintf("%s: %s", where, mistake.Quote(value))
	source, path, ok := known.read(value)
	if !ok {
		return Choice{}, fmt.Errorf("%s: %s is not a known seccomp profile: must be %s%s", where, mistake.Quote(value), known, known.meant(value, r.root()))
	}
	// IsLocal: relative, not empty, never above its start. Load checks symbolic links.
	if source == Localhost && (!filepath.IsLocal(path) || strings.ContainsRune(path, 0) || len(path) >= syscall.PathMax) {
		return Choice{}, fmt.Errorf("%s: %s: the path must lead down from the profile root", where, mistake.Quote(value))
	}
	return Choice{Source: source, Path: path, Origin: origin}, nil
}

func (r request) root() string {
	if r.ProfileRoot == "" {
		return DefaultProfileRoot
	}
	return r.ProfileRoot
}

// Load reads the chosen profile. It returns nil for Unconfined. The error names the
// annotation or option, and the file if there is one.
func (c Choice) Load() (*seccomp.Profile, error) {
	switch c.Source {
	case Unconfined:
		return nil, nil
	case Inline:
		p, err := seccomp.New(c.request.Inline)
		if err != nil {
			return nil, fmt.Errorf("linux.seccomp: %w", err)
		}
		return p, nil
	case RuntimeDefault:
		return defaultProfile(c.request.Capabilities)
	case Localhost:
		p, err := loadFile(c.request.root(), c.Path, c.request.Capabilities)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Origin, err)
		}
		return p, nil
	}
	return nil, fmt.Errorf("load seccomp profile: unknown source %d", c.Source)
}
