package container

import "fmt"

// State is the state of a process. A container's state is its init's.
type State int

// The states. Only an init is Pausing or Paused. An exec'd process keeps its own state
// while its container is paused, and [Process.State] returns the container's.
const (
	Created State = iota
	Running
	Pausing
	Paused
	Stopped
	Deleted
	numStates
)

func (s State) String() string {
	return [...]string{"created", "running", "pausing", "paused", "stopped", "deleted"}[s]
}

// Op is an operation on a process or container that a client asks for.
type Op int

// The operations whose legality depends on the state.
const (
	OpStart Op = iota
	OpExec
	OpKill
	OpPause
	OpResume
	OpResize
	OpUpdate
	OpCheckpoint
	OpDelete
	numOps
)

func (o Op) String() string {
	return [...]string{"start", "exec in", "kill", "pause", "resume", "resize", "update", "checkpoint", "delete"}[o]
}

// verdict says whether an operation is possible in a state.
type verdict int

const (
	wrong verdict = iota // the state forbids it: FailedPrecondition
	legal
	gone // the process has finished: NotFound
)

// legality is the whole state machine: the verdict for each operation in each state.
var legality = [numStates][numOps]verdict{
	//         start  exec   kill   pause  resume resize update checkpoint delete
	Created: {legal, legal, legal, wrong, wrong, legal, legal, wrong, legal},
	Running: {wrong, legal, legal, legal, wrong, legal, legal, legal, wrong},
	Pausing: {wrong, wrong, legal, wrong, wrong, legal, legal, wrong, wrong},
	Paused:  {wrong, wrong, legal, wrong, legal, legal, legal, legal, wrong},
	Stopped: {wrong, wrong, gone, wrong, wrong, wrong, wrong, wrong, legal},
	Deleted: {wrong, wrong, gone, wrong, wrong, wrong, wrong, wrong, gone},
}

// check returns a [*StateError] if op is not legal in state s.
func check(op Op, s State) error {
	if legality[s][op] == legal {
		return nil
	}
	return &StateError{Op: op, State: s, Gone: legality[s][op] == gone}
}

// StateError says that an operation is not possible in a process's state.
type StateError struct {
	Op    Op
	State State
	Gone  bool // the process has finished; clients expect NotFound
}

func (e *StateError) Error() string {
	if e.Gone {
		return "process already finished"
	}
	return fmt.Sprintf("cannot %s a %s process", e.Op, e.State)
}
