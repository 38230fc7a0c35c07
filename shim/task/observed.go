package task

import (
	"context"
	"fmt"

	"github.com/containerd/log"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/observe"
)

// modeFor returns the mode in which a container under a profile is observed.
//
// A profile with SCMP_ACT_NOTIFY cannot be observed. If the pod's annotation has asked for
// it, that is an error, since its author expects to see denials. If only the handler's option
// has, the container runs unobserved, with a warning: the option is for all containers of the
// node, and those with an agent must not fail by it. A trial then enforces the profile, which
// is the safe side.
func modeFor(ctx context.Context, profile *seccomp.Profile, asked resolve.Observation) (denials.Mode, error) {
	mode := asked.Mode
	if mode == denials.Recorded {
		mode = denials.Enforcing // what the profile refuses is in the recording, too
	}
	switch {
	case mode == denials.Off || !profile.Notifies():
		return mode, nil
	case asked.Annotation:
		return denials.Off, fmt.Errorf("annotation %s: %q: %w", resolve.ObserveAnnotation, asked.Mode, compile.ErrNotifies)
	}
	log.G(ctx).Warnf("option observe: %q: the container runs under its profile, and is not observed: %v", asked.Mode, compile.ErrNotifies)
	return denials.Off, nil
}

// newObserver returns what answers the notifications of a container's filter.
func (p *policy) newObserver(ctx context.Context, config observe.Config) (container.Observer, error) {
	m, err := compile.Meaning(p.profile)
	if err != nil {
		return nil, err
	}
	config.Judge = &denials.Judge{Profile: m, Mode: p.mode, FloorTrial: p.trial}
	if p.floor.Profile != nil {
		if config.Judge.Floor, err = compile.FloorMeaning(compile.Floor{Profile: p.floor.Profile, Trial: p.trial}); err != nil {
			return nil, err
		}
	}
	switch p.mode {
	case denials.Trial:
		log.G(ctx).Warn("the container is on trial: calls that its seccomp profile refuses are reported and let through")
	case denials.Enforcing:
		log.G(ctx).Info("the container is observed: calls that its seccomp profile refuses are reported")
	}
	return observe.New(config)
}
