package resolve

import (
	"fmt"
	"slices"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// An Observation says how a container is observed, and who has asked for it.
type Observation struct {
	Mode       denials.Mode
	Annotation bool // the annotation has asked for the mode, and not only the handler's option
}

// observation returns how the container is observed. The annotation may ask for
// denials.Enforcing. It may ask for denials.Trial and denials.Recorded only where the handler
// says so: they may enforce nothing, and the author of a pod must not switch enforcement off.
//
// The process of a pod's sandbox container is never observed: it only holds the namespaces.
func (r request) observation() (Observation, error) {
	chosen := Observation{Mode: r.Observe}
	if value, present := r.Annotations[ObserveAnnotation]; present {
		mode := denials.Mode(value)
		where := fmt.Sprintf("annotation %s: %s", ObserveAnnotation, mistake.Quote(value))
		switch {
		case !slices.Contains(denials.Names(), value):
			return Observation{}, fmt.Errorf("%s is not a mode: must be %s, %s or %s%s", where, denials.Enforcing, denials.Trial, denials.Recorded,
				mistake.Meant(value, denials.Names()...))
		case mode == denials.Trial && !r.AllowTrial && r.Observe != denials.Trial:
			return Observation{}, fmt.Errorf("%s enforces nothing, and a pod may not choose that: the handler's option allow_trial is not set", where)
		case mode == denials.Recorded && !r.AllowRecord && r.Observe != denials.Recorded:
			return Observation{}, fmt.Errorf("%s is not for a pod to choose: the handler's option allow_record is not set", where)
		}
		chosen = Observation{mode, true}
	}
	if r.isSandbox() {
		return Observation{}, nil
	}
	return chosen, nil
}

// underOwn is the value of the option record_under for the profile that applies to the
// container without a recording.
const underOwn = "profile"

// recordedUnder returns the profile that is enforced on a container while it is recorded: that
// of the option record_under, or none. chosen is the container's own.
func (r request) recordedUnder(chosen Choice) (Choice, error) {
	const where = "option record_under"
	switch r.RecordUnder {
	case "":
		return Choice{Source: Unconfined, Origin: "the container is recorded, and the option record_under is not set"}, nil
	case underOwn:
		return chosen, nil
	}
	c, err := r.parseName(where, r.RecordUnder, names)
	if err != nil && mistake.Near(r.RecordUnder, underOwn) != "" {
		return Choice{}, fmt.Errorf("%s: %s: did you mean %q, the container's own?", where, mistake.Quote(r.RecordUnder), underOwn)
	}
	return c, err
}
