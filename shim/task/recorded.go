package task

import (
	"context"
	"maps"
	"slices"

	"github.com/containerd/log"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/recording"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/observe"
	"seccomp-shim/shim/record"
)

// A recorder records a container of the service.
type recorder struct{ *record.Container }

// orNone returns the recorder for package container; a nil one is none.
func (r *recorder) orNone() container.Recorder {
	if r == nil {
		return nil
	}
	return r
}

// record begins the recording of a container. If the recording cannot be had, the container
// must not start: the operator has asked for it.
func (s *Service) record(ctx context.Context, observed observe.Config, filter *container.Filter) (*recorder, error) {
	config := record.Config{Namespace: observed.Namespace, ID: observed.ID, Spec: observed.Spec, Dir: recording.Dir, ABI: libseccomp.ABI}
	if filter != nil {
		config.Under = filter.Name
		if watching, ok := filter.Observer.(*observe.Container); ok {
			config.Refused = func() *denials.Report { return watching.Report() }
		}
	}
	c, err := record.New(config)
	if err != nil {
		return nil, err
	}
	if filter == nil {
		log.G(ctx).Warn("the container is recorded, and runs unconfined")
	} else {
		log.G(ctx).Infof("the container is recorded under its %s", filter.Name)
	}
	return &recorder{c}, nil
}

// stopRecordings ends the recordings when the shim is told to stop: what was seen is kept.
func (s *Service) stopRecordings(context.Context) error {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.containers))
	s.mu.Unlock()
	for _, c := range all {
		if c != nil { // it is created
			c.StopRecording()
		}
	}
	return nil
}
