package resolve

import (
	"fmt"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// An Observation says how a container is observed, and who has asked for it.
type Observation struct {
	Mode       denials.Mode
	Annotation bool // the annotation has asked for the mode, and not only the handler's option
}

// observation returns how the container is observed. The annotation may ask for
// denials.Enforcing. It may ask for denials.Trial only where the handler says so: Trial
// enforces nothing, and the author of a pod must not switch enforcement off.
//
// The process of a pod's sandbox container is never observed: it only holds the namespaces.
func (r request) observation() (Observation, error) {
	chosen := Observation{Mode: r.Observe}
	if value, present := r.Annotations[ObserveAnnotation]; present {
		mode := denials.Mode(value)
		where := fmt.Sprintf("annotation %s: %s", ObserveAnnotation, mistake.Quote(value))
		switch {
		case mode == denials.Off || !mode.Known():
			return Observation{}, fmt.Errorf("%s is not a mode: must be %s or %s%s", where, denials.Enforcing, denials.Trial,
				mistake.Meant(value, string(denials.Enforcing), string(denials.Trial)))
		case mode == denials.Trial && !r.AllowTrial && r.Observe != denials.Trial:
			return Observation{}, fmt.Errorf("%s enforces nothing, and a pod may not choose that: the handler's option allow_trial is not set", where)
		}
		chosen = Observation{mode, true}
	}
	if r.isSandbox() {
		return Observation{}, nil
	}
	return chosen, nil
}
