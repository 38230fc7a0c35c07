package denials

import (
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A Mode says what is observed of a container, and whether its profile is enforced.
type Mode string

// The modes.
const (
	Off       Mode = ""        // nothing is observed
	Enforcing Mode = "denials" // refusals by an errno are reported and enforced
	Trial     Mode = "trial"   // refusals are reported and let through, so nothing is enforced
	// Recorded is for all calls and not only for refused ones: see package recording. If a
	// profile is enforced meanwhile, that is observed as Enforcing.
	Recorded Mode = "record"

	// FloorTrial is the mode of a report about a container that is not observed but for the
	// trial of its floor. Nobody asks for it by this name.
	FloorTrial Mode = "floor-trial"
)

// Modes returns the modes in which a profile has an observed form.
func Modes() []Mode { return []Mode{Enforcing, Trial} }

// Names returns the modes that can be asked for by name for a container, as words.
func Names() []string { return []string{string(Enforcing), string(Trial), string(Recorded)} }

// Known reports whether the mode is Off or one of [Modes].
func (m Mode) Known() bool { return m == Off || slices.Contains(Modes(), m) }

// Observes reports whether calls with this answer of the profile are notified.
func (m Mode) Observes(answer bpf.Action) bool {
	switch answer.Enforced().Kind() {
	case bpf.Errno:
		return m != Off
	case bpf.KillProcess, bpf.KillThread, bpf.Trap:
		return m == Trial
	}
	return false
}

// Observed returns the action of the observed profile for an answer of the profile.
func (m Mode) Observed(answer bpf.Action) bpf.Action {
	if m.Observes(answer) {
		return bpf.UserNotif
	}
	return answer
}

// Meaning returns the observed form of a profile's meaning.
func (m Mode) Meaning(profile *meaning.Meaning) *meaning.Meaning {
	return profile.Answering(m.Observed)
}
