package denials

import (
	"slices"
	"time"
)

// A Report is what is known about the denials of one container. It is a file's JSON.
type Report struct {
	Format    int       `json:"format"` // [ReportFormat]
	Namespace string    `json:"namespace"`
	ID        string    `json:"id"`
	Pod       *Pod      `json:"pod,omitempty"`
	Mode      Mode      `json:"mode"`
	Profile   string    `json:"profile"` // where the profile comes from
	Created   time.Time `json:"created"`
	Updated   time.Time `json:"updated"`
	Ended     *End      `json:"ended,omitempty"`
	Denials   []*Denial `json:"denials"`
	Others    uint64    `json:"others,omitempty"` // calls beyond [MostDistinct] distinct ones
}

// Dir is the folder of the node's reports. It has a file <namespace>/<container ID>.json for
// each observed container, and only root can enter it.
const Dir = "/run/seccomp-shim/denials"

// ReportFormat is the format of reports that this package writes.
const ReportFormat = 1

// An End is how the container's first process ended.
type End struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"` // exit code, or 128 plus the signal
	// Unnamed says why the report lacks the call that has killed the process by SIGSYS.
	Unnamed string `json:"unnamed,omitempty"`
}

// Shown returns the denials without probes.
func (r *Report) Shown() []*Denial {
	return slices.DeleteFunc(slices.Clone(r.Denials), func(d *Denial) bool { return d.Probe })
}

// Name returns the container's name for people.
func (r *Report) Name() string { return NameOf(r.ID, r.Pod) }

// Total returns the number of all calls, without probes.
func (r *Report) Total() uint64 {
	total := r.Others
	for _, d := range r.Shown() {
		total += d.Count
	}
	return total
}
