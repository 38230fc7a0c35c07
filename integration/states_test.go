package integration

import (
	"testing"

	"github.com/containerd/errdefs"
	"github.com/containerd/errdefs/pkg/errgrpc"
)

// The classes by which clients tell errors apart.
var classes = map[string]func(error) bool{
	"FailedPrecondition": errdefs.IsFailedPrecondition,
	"NotFound":           errdefs.IsNotFound,
	"AlreadyExists":      errdefs.IsAlreadyExists,
	"InvalidArgument":    errdefs.IsInvalidArgument,
}

// The states in which requests are made, as ids of containers. Each container has an
// exec "added", which is not started. The running one also has "runs" and "ended".
const (
	created = "created"
	running = "running"
	paused  = "paused"
	stopped = "stopped"
)

func TestRequestsInWrongState(t *testing.T) {
	t.Parallel()
	containers := inEveryState(t)
	for _, row := range []struct {
		fact, state string
		ask         request
		class       string
	}{
		{"pause", created, askPause, "FailedPrecondition"},
		{"pause", paused, askPause, "FailedPrecondition"},
		{"pause", stopped, askPause, "FailedPrecondition"},
		{"resume", created, askResume, "FailedPrecondition"},
		{"resume", running, askResume, "FailedPrecondition"},
		{"resume", stopped, askResume, "FailedPrecondition"},
		{"start", running, askStart(""), "FailedPrecondition"},
		{"start", paused, askStart(""), "FailedPrecondition"},
		{"start", stopped, askStart(""), "FailedPrecondition"},
		{"delete", running, askDelete, "FailedPrecondition"},
		{"delete", paused, askDelete, "FailedPrecondition"},
		{"kill", stopped, askKill(""), "NotFound"},
		{"resize", stopped, askResize("", 1), "FailedPrecondition"},

		{"exec", paused, askExec("new", "/bin/true", "/"), "FailedPrecondition"},
		{"exec", stopped, askExec("new", "/bin/true", "/"), "FailedPrecondition"},
		{"exec with an id that is taken", running, askExec("added", "/bin/true", "/"), "AlreadyExists"},
		{"exec of nothing", running, askExec("new", "", "/"), "InvalidArgument"},
		{"exec in a relative folder", running, askExec("new", "/bin/true", "tmp"), "InvalidArgument"},
		{"start of an exec", paused, askStart("added"), "FailedPrecondition"},
		{"start of an exec that runs", running, askStart("runs"), "FailedPrecondition"},
		{"start of an exec that has ended", running, askStart("ended"), "FailedPrecondition"},
		{"delete of an exec that runs", running, askDeleteExec("runs"), "FailedPrecondition"},
		{"kill of an exec that has ended", running, askKill("ended"), "NotFound"},
		{"kill of an exec that is not started", running, askKill("added"), "FailedPrecondition"},
		{"resize to more than a terminal can have", running, askResize("", 1<<16), "InvalidArgument"},
		{"resize of an exec that has ended", running, askResize("ended", 1), "FailedPrecondition"},

		{"start of an unknown exec", running, askStart("unknown"), "NotFound"},
		{"delete of an unknown exec", running, askDeleteExec("unknown"), "NotFound"},
		{"kill of an unknown exec", running, askKill("unknown"), "NotFound"},
		{"resize of an unknown exec", running, askResize("unknown", 1), "NotFound"},
		{"wait for an unknown exec", running, askWait("unknown"), "NotFound"},
		{"end of stdin of an unknown exec", running, askCloseIO("unknown"), "NotFound"},
		{"state of an unknown exec", running, askState("unknown"), "NotFound"},
		{"create of a container that exists", running, askCreate, "AlreadyExists"},
	} {
		t.Run(row.fact+" while "+row.state, func(t *testing.T) {
			response, err := row.ask(bounded(t), client.TaskService(), containers[row.state])
			if err = errgrpc.ToNative(err); !classes[row.class](err) {
				t.Errorf("got %v, error %v; want the class %s", response, err, row.class)
			}
		})
	}
	// No request has done harm.
	if got := containers[running]; taskPid(t, got, "RUNNING") == 0 {
		t.Error("the running container has no pid")
	}
}

// Requests that are right in one state, beside those that are wrong in its neighbours.
func TestRequestsInRightState(t *testing.T) {
	t.Parallel()
	containers := inEveryState(t)
	for _, row := range []struct {
		fact, state string
		ask         request
	}{
		{"exec", created, askExec("new", "/bin/true", "/")},
		{"delete of an exec that is not started", created, askDeleteExec("new")},
		{"delete of an exec that has ended", running, askDeleteExec("ended")},
		{"end of stdin of a process without one", running, askCloseIO("runs")},
		{"kill of all", stopped, askKillAll},
		{"kill", paused, askKill("")},
		{"delete", created, askDelete},
		{"delete", stopped, askDelete},
	} {
		t.Run(row.fact+" while "+row.state, func(t *testing.T) {
			if _, err := row.ask(bounded(t), client.TaskService(), containers[row.state]); err != nil {
				t.Error(err)
			}
		})
	}
}

func inEveryState(t *testing.T) map[string]string {
	t.Helper()
	ids := map[string]string{created: newID(t), running: newID(t), paused: newID(t), stopped: newID(t)}
	for state, id := range ids {
		c, err := create(t, id, calls("hold"))
		if err != nil {
			t.Fatal(err)
		}
		mustAsk(t, id, askExec("added", "/bin/true", "/"))
		if state != created {
			mustAsk(t, id, askStart(""))
		}
		switch state {
		case running:
			mustAsk(t, id, askExec("runs", "/bin/sleep 1000", "/"), askStart("runs"))
			mustAsk(t, id, askExec("ended", "/bin/true", "/"), askStart("ended"), askWait("ended"))
		case paused:
			mustAsk(t, id, askPause)
		case stopped:
			mustAsk(t, id, askKill(""))
			await(t, "init", c.exits)
		}
	}
	return ids
}

func mustAsk(t *testing.T, id string, requests ...request) {
	t.Helper()
	for _, ask := range requests {
		if _, err := ask(bounded(t), client.TaskService(), id); err != nil {
			t.Fatal(err)
		}
	}
}
