package recording

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/denials"
)

// Format is the format of recordings that this package writes and reads.
const Format = 1

// Dir is the folder of a node's recordings. It has a file
// <namespace>/<container ID>.<start>.json for each recorded container, and only root can
// enter it.
const Dir = "/var/lib/seccomp-shim/recordings"

// A Recording is what one container did. It is a file's JSON.
type Recording struct {
	Format       int          `json:"format"` // [Format]
	Namespace    string       `json:"namespace"`
	ID           string       `json:"id"`
	Pod          *denials.Pod `json:"pod,omitempty"`
	Image        string       `json:"image,omitempty"`
	Command      []string     `json:"command"` // of the container's first process
	Under        string       `json:"under"`   // the profile that was enforced meanwhile, or "unconfined"
	Architecture specs.Arch   `json:"architecture"`
	Kernel       string       `json:"kernel"`
	Started      time.Time    `json:"started"` // before the container's first process
	Updated      time.Time    `json:"updated"`
	LastNew      *time.Time   `json:"lastNew,omitempty"` // when a call or a value was last seen for the first time
	Ended        *End         `json:"ended,omitempty"`   // absent while the container runs, and if its shim was killed
	Total        uint64       `json:"total"`             // the calls of all processes
	IOUring      bool         `json:"ioUring"`           // io_uring was set up: no filter sees what it does
	Lost         Lost         `json:"lost"`
	Calls        []*Call      `json:"calls"`
	// Refused are the calls that the enforced profile or floor has refused. They are not in
	// Calls.
	Refused []*denials.Denial `json:"refused,omitempty"`
	// RefusedOthers are the refused calls beyond [denials.MostDistinct] distinct ones.
	RefusedOthers uint64 `json:"refusedOthers,omitempty"`
}

// An End says how a recording ended.
type End struct {
	At     time.Time `json:"at"`
	By     Cause     `json:"by"`
	Status int       `json:"status,omitempty"` // exit code, or 128 plus the signal
}

// A Cause is what has ended a recording.
type Cause string

// The causes.
const (
	Exited  Cause = "exited"       // the container's first process has exited
	Killed  Cause = "killed"       // a signal has killed it
	Stopped Cause = "shim stopped" // the shim was told to stop, and the container goes on
)

// Lost counts what was not recorded. A recording with a count above 0 is incomplete.
type Lost struct {
	Tasks uint64 `json:"tasks"` // threads whose calls are missing, because the table of threads was full
	Calls uint64 `json:"calls"` // calls that could not be counted
}

// A Call is a syscall of an ABI, made by the init or by execs.
type Call struct {
	ABI     specs.Arch   `json:"abi"`
	Syscall string       `json:"syscall,omitempty"` // empty if the number has no name
	Number  uint32       `json:"number"`
	Process denials.Kind `json:"process"`
	Count   uint64       `json:"count"`
	First   time.Time    `json:"first"`
	// Arguments are the arguments whose values are in Values. They are in the same order.
	Arguments []Argument `json:"arguments,omitempty"`
	Values    []*Values  `json:"values,omitempty"`
	Others    uint64     `json:"others,omitempty"` // calls with values beyond [MostValues] distinct ones
	Unseen    string     `json:"unseen,omitempty"` // an argument that decides, and is in memory
}

// Beyond is the number that stands for all numbers from it on. No kernel has a syscall there:
// such calls fail with ENOSYS.
const Beyond = 1023

// MostValues is how many distinct values of its arguments a call has.
const MostValues = 64

// Values are the values of a call's arguments.
type Values struct {
	Args  []Value `json:"args"`
	Count uint64  `json:"count"`
}

// A Value is the value of an argument, as a hexadecimal number in JSON.
type Value uint64

// MarshalText implements encoding.TextMarshaler.
func (v Value) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%#x", uint64(v)), nil }

// Name returns the container's name for people.
func (r *Recording) Name() string { return denials.NameOf(r.ID, r.Pod) }

// Sort puts the calls in the order of ABI, number and process.
func (r *Recording) Sort() {
	slices.SortFunc(r.Calls, func(a, b *Call) int {
		return cmp.Or(cmp.Compare(a.ABI, b.ABI), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Process, b.Process))
	})
	for _, c := range r.Calls {
		slices.SortFunc(c.Values, func(a, b *Values) int { return slices.Compare(a.Args, b.Args) })
	}
}

// Gaps returns what the recording lacks, in words; nothing if it is complete.
func (r *Recording) Gaps() []string {
	var gaps []string
	add := func(format string, args ...any) { gaps = append(gaps, fmt.Sprintf(format, args...)) }
	if r.Ended == nil {
		add("it has no end: the container still ran, or its shim was killed")
	} else if r.Ended.By == Stopped {
		add("the shim was told to stop before the container ended")
	}
	if r.Lost.Tasks > 0 {
		add("the calls of %d threads are missing", r.Lost.Tasks)
	}
	if r.Lost.Calls > 0 {
		add("%d calls are missing", r.Lost.Calls)
	}
	if r.RefusedOthers > 0 {
		add("%d refused calls are not named", r.RefusedOthers)
	}
	if r.IOUring {
		add("io_uring was set up: what it does is no syscall")
	}
	return gaps
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Value) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 0, 64)
	if err != nil {
		return fmt.Errorf("the value of an argument: %w", err)
	}
	*v = Value(n)
	return nil
}
