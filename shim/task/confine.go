package task

import (
	"context"
	"errors"
	"fmt"

	"github.com/containerd/log"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/floors"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/observe"
	"seccomp-shim/shim/options"
)

// A policy is what holds for a container: a profile, a floor, or both.
type policy struct {
	profile *seccomp.Profile // one that allows all calls, if the container has none
	name    string           // of the profile, for messages
	floor   resolve.Floor
	mode    denials.Mode // how the profile is observed
	records bool         // all calls are recorded
	trial   bool         // the floor is on trial
}

// confine decides which seccomp profile and which floor apply, compiles them, and begins the
// recording. The filter is nil if there is neither, and the recorder if the container is not
// recorded.
func (s *Service) confine(ctx context.Context, dir bundle.Dir, observed observe.Config, opts *options.Options) (*container.Filter, *recorder, error) {
	spec := observed.Spec
	if spec.Linux == nil || spec.Process == nil {
		return nil, nil, errors.New("config.json: linux and process must be set")
	}
	p, err := choose(log.WithLogger(ctx, log.G(ctx).WithField("container_id", observed.ID)), spec, opts)
	if err != nil {
		return nil, nil, err
	}
	spec.Linux.Seccomp = nil // the filter replaces it
	filter, err := s.filter(ctx, dir, p, observed, opts.ListenerDirs)
	if err != nil || !p.records {
		return filter, nil, err
	}
	recorder, err := s.record(ctx, observed, filter)
	return filter, recorder, err
}

// filter compiles a policy. It returns nil if there is neither a profile nor a floor.
func (s *Service) filter(ctx context.Context, dir bundle.Dir, p *policy, observed observe.Config, listenerDirs []string) (*container.Filter, error) {
	if p.profile == nil {
		return nil, nil
	}
	if p.floor.Profile != nil {
		if err := floors.Write(string(dir), floors.Note{File: p.floor.File, Digest: p.floor.Digest, Trial: p.trial}); err != nil {
			return nil, err
		}
	}
	disk := openCache(ctx, s.cacheDir)
	defer disk.Close()
	result, err := compile.New(disk).CompileOver(ctx, p.profile, p.mode, compile.Floor{Profile: p.floor.Profile, Trial: p.trial})
	if err != nil {
		return nil, p.blame(err)
	}
	log.G(ctx).WithField("instructions", result.Program.Len()).WithField("skipped", result.Skipped).WithField("own", result.Reemitted).
		Debugf("container runs under its %s", p.name)
	path, metadata := p.profile.Listener()
	filter := &container.Filter{
		Name:             p.name,
		Program:          result.Program.Bytes(),
		Flags:            result.Flags,
		ListenerPath:     path,
		ListenerMetadata: metadata,
		ListenerDirs:     listenerDirs,
	}
	if p.mode != denials.Off || p.trial {
		observed.Profile = p.name
		filter.Observer, err = p.newObserver(ctx, observed)
	}
	return filter, err
}

// choose reads the profile and the floor of a container.
func choose(ctx context.Context, spec *specs.Spec, opts *options.Options) (*policy, error) {
	options := resolve.Options{
		UnsetProfile: opts.UnsetProfile, ProfileRoot: opts.ProfileRoot, Observe: opts.Observe, AllowTrial: opts.AllowTrial,
		AllowRecord: opts.AllowRecord, RecordUnder: opts.RecordUnder, Floor: opts.Floor,
	}
	choice, err := resolve.Choose(spec, options)
	if err != nil {
		return nil, err
	}
	p := &policy{name: fmt.Sprintf("seccomp profile (%s)", choice.Origin), records: choice.Observation.Mode == denials.Recorded}
	if p.profile, err = choice.Load(); err != nil {
		return nil, err
	}
	if p.floor, err = resolve.LoadFloor(options); err != nil {
		return nil, err
	}
	if p.profile == nil {
		log.G(ctx).Debugf("container runs without a seccomp profile: %s", choice.Origin)
		if p.floor.Profile == nil {
			return p, nil
		}
		p.name = p.floorName()
		if p.profile, err = compile.Open(); err != nil {
			return nil, err
		}
	}
	if p.mode, err = modeFor(ctx, p.profile, choice.Observation); err != nil {
		return nil, fmt.Errorf("%s: %w", p.name, err)
	}
	p.decideTrial(ctx, choice, opts)
	return p, nil
}

// decideTrial decides whether the floor is on trial. A trial enforces nothing, so a container
// that cannot be observed runs without the floor: one whose profile needs the only listener,
// and the process of a pod's sandbox, which only holds the namespaces.
func (p *policy) decideTrial(ctx context.Context, choice resolve.Choice, opts *options.Options) {
	if p.floor.Profile == nil {
		return
	}
	entry := log.G(ctx).WithField("floor", p.floor.File).WithField("digest", p.floor.Digest)
	if opts.FloorObserve == denials.Off {
		entry.Info("the container runs under the floor")
		return
	}
	p.trial = true
	switch {
	case choice.Sandbox:
		p.floor, p.trial = resolve.Floor{}, false
	case p.profile.Notifies():
		entry.Warnf("option floor_observe: the container runs without the floor: %v", compile.ErrNotifies)
		p.floor, p.trial = resolve.Floor{}, false
	default:
		entry.Warn("the floor is on trial: calls that it alone refuses are reported and let through")
	}
}

func (p *policy) floorName() string { return fmt.Sprintf("seccomp floor (%s)", p.floor.Origin) }

// blame names the profile, the floor or both.
func (p *policy) blame(err error) error {
	together := (*compile.TogetherError)(nil)
	switch {
	case errors.As(err, &together):
		return fmt.Errorf("%s, %s: %w", p.name, p.floorName(), err)
	case errors.As(err, new(*compile.FloorError)):
		return fmt.Errorf("%s: %q: %w", p.floorName(), p.floor.File, err)
	}
	return fmt.Errorf("%s: %w", p.name, err)
}
