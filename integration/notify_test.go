package integration

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
)

const notifyRules = `{"defaultAction":"SCMP_ACT_ALLOW","listenerMetadata":"of the test","syscalls":[
	{"names":["getpgid","getsid"],"action":"SCMP_ACT_NOTIFY"}]}`

// An agent receives a listener for each process, with the state of the process, and
// answers the calls of the process.
func TestNotify(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	agent := listen(t)
	p := profile(t, notifyRules)
	p.ListenerPath = agent.path
	id := newID(t)
	steps := []string{call("getpgid", 0), call("getsid", 0), call("getppid")}
	// The agent answers getpgid with 4242, and getsid with ENOTNAM.
	want := []string{call("getpgid", 0) + " -> 4242", call("getsid", 0) + " -> -118"}

	c := hold(t, id, steps, under(p), oci.WithAnnotations(map[string]string{"com.example/note": "yes"}))
	mustContain(t, "init", c.stdout.String(), want)
	pid := int(c.task.Pid())
	mustBeState(t, agent.next(t), specs.ContainerProcessState{
		Version: specs.Version, Fds: []string{specs.SeccompFdName}, Pid: pid, Metadata: "of the test",
		State: specs.State{Version: specs.Version, ID: id, Status: specs.StateCreating, Pid: pid},
	})

	exec := int(c.holdExec(t, steps...))
	mustBeState(t, agent.next(t), specs.ContainerProcessState{
		Version: specs.Version, Fds: []string{specs.SeccompFdName}, Pid: exec, Metadata: "of the test",
		State: specs.State{Version: specs.Version, ID: id, Status: specs.StateRunning, Pid: pid},
	})
	got := c.exec(t, calls(steps...))
	mustContain(t, "an exec", got.stdout, want)
}

// mustBeState compares two states, and checks the fields that differ in each run.
func mustBeState(t *testing.T, got, want specs.ContainerProcessState) {
	t.Helper()
	if !strings.HasSuffix(got.State.Bundle, "/"+want.State.ID) {
		t.Errorf("the bundle is %q", got.State.Bundle)
	}
	if got.State.Annotations["com.example/note"] != "yes" {
		t.Errorf("the annotations are %v", got.State.Annotations)
	}
	got.State.Bundle, got.State.Annotations = "", nil
	if g, w := encoded(t, got), encoded(t, want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func mustContain(t *testing.T, who, stdout string, want []string) {
	t.Helper()
	for _, line := range want {
		if !slices.Contains(lines(stdout), line) {
			t.Errorf("%s: no line %q in %q", who, line, stdout)
		}
	}
}

// Without an agent a container with SCMP_ACT_NOTIFY does not run.
func TestNotifyWithoutListener(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	id := newID(t)
	p := profile(t, notifyRules)
	p.ListenerPath = filepath.Join(t.TempDir(), "nobody.sock")
	started := time.Now()
	_, err := create(t, id, calls("hold"), under(p))
	if err == nil || !strings.Contains(err.Error(), p.ListenerPath) {
		t.Fatalf("error %v does not name the listener", err)
	}
	if took := time.Since(started); took > refusalTime {
		t.Errorf("refused after %v", took)
	}
}

// With the flag WAIT_KILLABLE_RECV the kernel does not wait for a process that is being
// killed.
func TestWaitKillable(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	const flag = specs.LinuxSeccompFlagWaitKillableRecv
	agent := listen(t)
	p := profile(t, notifyRules)
	p.ListenerPath, p.Flags = agent.path, []specs.LinuxSeccompFlag{flag}
	id := newID(t)
	c := hold(t, id, []string{call("getpgid", 0)}, under(p))
	mustContain(t, "init", c.stdout.String(), []string{call("getpgid", 0) + " -> 4242"})
}

// An agent can be asked about every call, execve and write included, in init and in
// exec'd processes, with and without no_new_privs.
func TestNotifyAsDefaultAction(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	for _, opt := range []oci.SpecOpts{oci.WithNewPrivileges, oci.WithNoNewPrivileges} {
		agent := listen(t)
		p := profile(t, `{"defaultAction":"SCMP_ACT_NOTIFY"}`)
		p.ListenerPath = agent.path
		c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, under(p), opt)
		agent.next(t)
		c.stdout.await(t, "ran")
		if got := c.exec(t, []string{"/bin/minimal"}); got.code != 7 || got.stdout != "ran\n" {
			t.Errorf("an exec: %+v", got)
		}
		agent.next(t)
	}
}

// An execve that is interrupted is made again.
func TestInterruptedExecve(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	agent := listen(t)
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_NOTIFY"}]}`)
	p.ListenerPath = agent.path
	agent.interruptions.Store(3)
	c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, under(p))
	c.stdout.await(t, "ran")
	agent.interruptions.Store(1)
	if got := c.exec(t, []string{"/bin/minimal"}); got.code != 7 || got.stdout != "ran\n" {
		t.Errorf("an exec: %+v", got)
	}
	if left := agent.interruptions.Load(); left > 0 {
		t.Errorf("%d interruptions were not asked for", left)
	}
}

// With an agent, the start is over before execve is called. If that execve fails, the
// error is written to the program's stderr.
func TestLateExecveWithAgentFails(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	late := withRefused(t)
	p := profile(t, `{"defaultAction":"SCMP_ACT_NOTIFY"}`)
	agent := listen(t)
	p.ListenerPath = agent.path
	c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, late, under(p))
	agent.next(t)
	c.stdout.await(t, "ran")
	for _, program := range refusedByExecve {
		got := c.exec(t, program.args)
		agent.next(t)
		if got.code == 0 || got.stderr != program.says+"\n" || got.stdout != "" {
			t.Errorf("%s, an exec: %+v", program.fact, got)
		}
		got = execute(t, program.args, late, under(p))
		agent.next(t)
		if got.code == 0 || got.stderr != program.says+"\n" || got.stdout != "" {
			t.Errorf("%s, init: %+v", program.fact, got)
		}
	}
}

func skipWithoutNotify(t *testing.T) {
	t.Helper()
	if level, err := libseccomp.GetAPI(); err == nil && level < 6 {
		t.Skipf("libseccomp's API level %d is below 6: no SCMP_ACT_NOTIFY", level)
	}
}

// agent is a seccomp agent.
type agent struct {
	path   string
	states chan specs.ContainerProcessState

	interruptions atomic.Int32 // of execve; how many are left
	silent        atomic.Bool  // if true, new processes get no answer
	unanswered    []*os.File   // the listeners of processes without an answer
}

// listen starts an agent, which stops when the test ends.
func listen(t *testing.T) *agent {
	t.Helper()
	a := &agent{path: filepath.Join(t.TempDir(), "agent.sock"), states: make(chan specs.ContainerProcessState, 10)}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: a.path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.AcceptUnix()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				err = a.serve(conn)
			}
			if err != nil {
				t.Errorf("agent: %v", err)
				return
			}
		}
	}()
	return a
}

func (a *agent) next(t *testing.T) specs.ContainerProcessState {
	t.Helper()
	select {
	case state := <-a.states:
		return state
	case <-time.After(patience):
		t.Fatal("the listener has got no process")
		panic("unreachable")
	}
}
