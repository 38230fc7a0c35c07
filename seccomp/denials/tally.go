package denials

import "time"

// MostDistinct is how many distinct calls a tally holds. The calls of a container that makes
// more are counted together, so that its report has a bounded size.
const MostDistinct = 256

// A Kind is the kind of a container's process.
type Kind string

// The kinds.
const (
	Init Kind = "init" // the first process and its descendants
	Exec Kind = "exec" // a process that a client has started in the container, and its descendants
	// Descendant is a killed descendant of one of the two. The kernel's record of a kill does not
	// say which.
	Descendant Kind = "descendant"
)

// A Process is the process that made a call first.
type Process struct {
	Kind       Kind   `json:"process"`
	ExecID     string `json:"execID,omitempty"`
	PID        int    `json:"pid"` // on the host
	Thread     string `json:"thread,omitempty"`
	Executable string `json:"executable,omitempty"`
}

// A Denial is a distinct call and how often it was made.
type Denial struct {
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count uint64    `json:"count"`
	Process
	Call
}

// A Tally counts calls. The zero Tally is empty. It has no lock.
type Tally struct {
	Denials []*Denial // in the order of their first calls
	Others  uint64    // calls beyond MostDistinct distinct ones

	known map[distinct]*Denial
}

// distinct is what makes two calls different in a report.
type distinct struct {
	kind                               Kind
	executable, abi, text, answer, why string
}

// Place returns the denial that counts a call, and whether it is new. It returns nil if the
// tally is full: count the call in Others.
func (t *Tally) Place(p Process, c Call) (_ *Denial, isNew bool) {
	key := distinct{p.Kind, p.Executable, c.ABI, c.Text, c.Answer, c.Why}
	if d := t.known[key]; d != nil {
		return d, false
	}
	if len(t.known) >= MostDistinct {
		return nil, false
	}
	if t.known == nil {
		t.known = map[distinct]*Denial{}
	}
	d := &Denial{Process: p, Call: c}
	t.known[key] = d
	t.Denials = append(t.Denials, d)
	return d, true
}
