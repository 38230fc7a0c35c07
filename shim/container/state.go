package container

import "fmt"

// State is where a process is in its life. A container's state is its init's.
type State int

// The states. Pausing and Paused are the init's only; an exec'd process of a
// paused container keeps its own state and reports the container's.
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

// Op is what a client may ask of a process or container.
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

// verdict is the answer to an operation in a state.
type verdict int

const (
	wrong verdict = iota // the state forbids it: FailedPrecondition
	legal
	gone // there is nothing left to do it to: NotFound
)

// legality is the whole state machine: what may be asked when.
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
