package integration

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/steps"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/shim/container/load"
)

// An exec'd process is in the container before its execve, with the rights of root on
// the host. With any runtime, a process of a container with CAP_SYS_PTRACE can trace it
// and take these rights. In a user namespace nothing can trace it, as SECURITY.md says:
// the process is not dumpable, and its memory belongs to the host's user namespace
// (__ptrace_may_access, kernel/ptrace.c). The same holds for a process whose agent has
// not answered its execve.
func TestTraceBeforeExecve(t *testing.T) {
	t.Parallel()
	tracer := oci.WithAddedCapabilities([]string{"CAP_SYS_PTRACE"})
	for _, wait := range []waitBeforeExecve{
		{"that sets itself up", nil, execThatSetsItselfUp},
		{"that waits for its agent", skipWithoutNotify, execThatWaitsForAgent},
	} {
		for _, row := range []struct {
			fact    string
			launch  func(*testing.T, []string, ...oci.SpecOpts) *container
			opts    []oci.SpecOpts
			attach  string
			reaches []string
		}{
			{"without CAP_SYS_PTRACE", launchOnHost, nil, "EPERM", nil},
			{"with CAP_SYS_PTRACE", launchOnHost, []oci.SpecOpts{tracer}, "ok", []string{"environ", "memory", "root", "descriptor"}},
			{"with CAP_SYS_PTRACE in a user namespace", launchInUserNamespace, []oci.SpecOpts{tracer}, "EPERM", nil},
		} {
			t.Run(row.fact+", an exec "+wait.fact, func(t *testing.T) {
				t.Parallel()
				if wait.skip != nil {
					wait.skip(t)
				}
				c, victim := wait.begin(t, func(opts ...oci.SpecOpts) *container {
					all := slices.Concat([]oci.SpecOpts{oci.WithEnv([]string{"HOME=/"})}, row.opts, opts)
					return row.launch(t, sh(tracerScript()), all...)
				})
				c.pointAt(t, victim)
				c.stdout.await(t, "tried")
				if standing, err := load.StandingOf(victim); err != nil || standing != load.Preparing {
					t.Fatalf("the process is past its execve: %v, %v", standing, err)
				}
				var reached []string
				for step, answer := range steps.Answers(c.stdout.String()) {
					if strings.HasPrefix(step, "ptrace") && answer != row.attach {
						t.Errorf("ptrace says %s, want %s", answer, row.attach)
					}
					if answer == "reached" {
						reached = append(reached, step)
					}
				}
				slices.Sort(reached)
				if want := slices.Sorted(slices.Values(row.reaches)); !slices.Equal(reached, want) {
					t.Errorf("the tracer reaches %q, want %q; it says:\n%s%s", reached, want, c.stdout.String(), c.stderr.String())
				}
			})
		}
	}
}

// waitBeforeExecve is a way to hold an exec'd process before the end of its execve.
type waitBeforeExecve struct {
	fact string
	skip func(*testing.T)
	// begin starts a container and an exec in it, and returns the exec's pid.
	begin func(t *testing.T, start func(...oci.SpecOpts) *container) (c *container, victim int)
}

// tracerScript attacks the process whose pid it reads from a file, by all means of a
// tracer.
func tracerScript() string {
	const seize, pid = 0x4206, 0xabcdef // PTRACE_SEIZE, and a number that is replaced by the pid
	attach := strings.Replace(call("ptrace", seize, pid, 0, 0), fmt.Sprintf("%#x", pid), "$pid", 1)
	return `echo ready
while [ ! -s /victim ]; do sleep 0.02; done
read pid </victim
[ -n "$(cat /proc/$pid/environ 2>/dev/null | head -c 1)" ] && echo "environ -> reached"
(: <>/proc/$pid/mem) 2>/dev/null && echo "memory -> reached"
[ -e /proc/$pid/root/bin ] && echo "root -> reached"
[ -n "$(readlink /proc/$pid/fd/0)" ] && echo "descriptor -> reached"
/bin/calls ` + attach + `
echo tried; sleep 1000`
}

// pointAt tells the container's script which process to trace.
func (c *container) pointAt(t *testing.T, victim int) {
	t.Helper()
	inside := strings.Fields(statusField(t, uint32(victim), "NSpid"))
	path := fmt.Sprintf("/proc/%d/root/victim", c.task.Pid())
	if err := os.WriteFile(path, []byte(inside[len(inside)-1]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func launchOnHost(t *testing.T, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	return launch(t, newID(t), args, opts...)
}

// execThatSetsItselfUp holds an exec while libcontainer reads /etc/passwd: in the
// container, with all rights.
func execThatSetsItselfUp(t *testing.T, start func(...oci.SpecOpts) *container) (*container, int) {
	t.Helper()
	c := start(passwdFIFO(t))
	c.stdout.await(t, "ready")
	p, err := c.addExec(t, toStreams(nil, nil, nil), calls("hold"), withoutHome)
	if err != nil {
		t.Fatal(err)
	}
	ctx := bounded(t)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = p.Start(ctx) // it is killed with the container
	}()
	t.Cleanup(func() {
		_ = c.task.Kill(ctx, unix.SIGKILL)
		<-over
	})
	init, shim, victim := int(c.task.Pid()), shimOf(t, c.task.Pid()), 0
	if !testbed.HoldsWithin(patience, func() bool {
		for _, child := range children(shim) {
			if child != init && sameNamespace(child, init, "mnt") && sameNamespace(child, init, "pid") {
				victim = child
			}
		}
		return victim != 0
	}) {
		t.Fatal("no exec is on its way")
	}
	time.Sleep(200 * time.Millisecond) // until it reads the FIFO
	return c, victim
}

// execThatWaitsForAgent holds an exec in its execve, about which its agent is asked.
func execThatWaitsForAgent(t *testing.T, start func(...oci.SpecOpts) *container) (*container, int) {
	t.Helper()
	a := listen(t)
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_NOTIFY"}]}`)
	p.ListenerPath = a.path
	c := start(under(p), oci.WithNewPrivileges)
	a.next(t)
	c.stdout.await(t, "ready")
	return c, c.execWithoutAnswer(t, a)
}

// execWithoutAnswer starts an exec whose agent does not answer, and returns its pid.
func (c *container) execWithoutAnswer(t *testing.T, a *agent, opts ...func(*specs.Process)) int {
	t.Helper()
	a.silent.Store(true)
	p, err := c.addExec(t, toStreams(nil, nil, nil), calls("hold"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	return a.next(t).Pid
}

// While its agent is asked about execve, a process has the program's capabilities.
// Without no_new_privs it also has CAP_SYS_ADMIN, by which it has loaded its filter: to
// drop it would be a system call under the filter. The program itself does not have it.
func TestCapabilitiesWhileAgentIsAsked(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	const own, withAdmin = "0000000000000401", "0000000000200401" // CAP_CHOWN, CAP_NET_BIND_SERVICE; CAP_SYS_ADMIN
	for _, row := range []struct {
		fact         string
		nnp          oci.SpecOpts
		asked, later string
	}{
		{"with no_new_privs", oci.WithNoNewPrivileges, own, own},
		{"without no_new_privs", oci.WithNewPrivileges, withAdmin, own},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			a := listen(t)
			p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_NOTIFY"}]}`)
			p.ListenerPath = a.path
			c := hold(t, newID(t), nil, under(p), row.nnp, oci.WithCapabilities([]string{"CAP_CHOWN", "CAP_NET_BIND_SERVICE"}))
			a.next(t)
			asked := c.execWithoutAnswer(t, a)
			if standing, err := load.StandingOf(asked); err != nil || standing != load.Preparing {
				t.Fatalf("the process is past its execve: %v, %v", standing, err)
			}
			for _, field := range []string{"CapEff", "CapPrm"} {
				if got := statusField(t, uint32(asked), field); got != row.asked {
					t.Errorf("while the agent is asked, %s is %s, want %s", field, got, row.asked)
				}
				if got := statusField(t, c.task.Pid(), field); got != row.later {
					t.Errorf("the program's %s is %s, want %s", field, got, row.later)
				}
			}
		})
	}
}
