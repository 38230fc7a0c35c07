package observe

import (
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/denials"
)

// interval is the shortest time between two reports of a container, apart from the one at
// the end of a process.
const interval = time.Second

// schedule has a report written soon. Hold mu.
func (c *Container) schedule(now time.Time) {
	if c.scheduled {
		return
	}
	c.scheduled = true
	const first = 10 * time.Millisecond // a program often makes several refused calls at once
	time.AfterFunc(max(first, interval-now.Sub(c.written)), c.writeScheduled)
}

// writeScheduled writes the report, unless the end of a process has written it since.
func (c *Container) writeScheduled() {
	c.mu.Lock()
	c.scheduled = false
	dirty := c.dirty
	c.mu.Unlock()
	if dirty {
		c.write()
	}
}

// write writes the report to its file.
func (c *Container) write() {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	c.dirty, c.written = false, time.Now()
	c.mu.Unlock()
	report := c.Report()
	if err := c.config.Reports.Write(report); err != nil {
		c.log().WithError(err).Warn("the report of refused calls is not written")
	}
}

// Report returns a copy of what is known now.
func (c *Container) Report() *denials.Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &denials.Report{
		Format:    denials.ReportFormat,
		Namespace: c.config.Namespace,
		ID:        c.config.ID,
		Pod:       podOf(c.config.Spec),
		Mode:      c.config.Judge.ReportMode(),
		Profile:   c.config.Profile,
		Created:   c.created,
		Updated:   time.Now(),
		Ended:     c.ended,
		Denials:   make([]*denials.Denial, 0, len(c.tally.Denials)),
		Others:    c.tally.Others,
	}
	for _, d := range c.tally.Denials {
		same := *d
		r.Denials = append(r.Denials, &same)
	}
	return r
}

// podOf returns what the spec says about the container's pod, or nil if there is none.
func podOf(spec *specs.Spec) *denials.Pod {
	pod := denials.PodOf(spec.Annotations)
	if pod != nil {
		pod.Namespace, pod.Name, pod.UID, pod.Container = bounded(pod.Namespace), bounded(pod.Name), bounded(pod.UID), bounded(pod.Container)
	}
	return pod
}
