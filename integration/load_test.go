package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
)

// actionRules has a call for each action. None of them is the runtime's own.
const actionRules = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
	{"names":["getpgid"],"action":"SCMP_ACT_ERRNO"},
	{"names":["getsid"],"action":"SCMP_ACT_ERRNO","errnoRet":71},
	{"names":["getpriority"],"action":"SCMP_ACT_ERRNO","errnoRet":0},
	{"names":["getitimer"],"action":"SCMP_ACT_TRACE","errnoRet":5},
	{"names":["sched_get_priority_max"],"action":"SCMP_ACT_LOG"},
	{"names":["sched_get_priority_min"],"action":"SCMP_ACT_TRAP"},
	{"names":["sched_getparam"],"action":"SCMP_ACT_KILL_THREAD"},
	{"names":["sched_getscheduler"],"action":"SCMP_ACT_KILL"},
	{"names":["getrusage"],"action":"SCMP_ACT_KILL_PROCESS"}]}`

// The filter is in force when the program starts: in init and in exec'd processes,
// for root and others, with and without no_new_privs.
func TestFilterIsInForce(t *testing.T) {
	t.Parallel()
	asEachUser(t, func(t *testing.T, uid uint32, noNewPrivs string, opts []oci.SpecOpts) {
		steps, want := split([]expectation{
			{"status", ""},
			{call("getpgid", 0), "EPERM"},
			{call("getsid", 0), "EPROTO"},
			{call("getpriority", 9, 9), "ok"}, // in vain, but the kernel does not see it
			{call("getitimer"), "ENOSYS"},
			{call("sched_get_priority_max"), "ok"},
			{"catch", ""},
			{call("sched_get_priority_min"), "trap 0"},
			{"thread:" + call("sched_getparam"), "dead"},
			{"thread:" + call("sched_getscheduler"), "dead"},
			{call("getppid"), "ok"},
		})
		want["Seccomp"], want["NoNewPrivs"] = "2", noNewPrivs
		c := hold(t, newID(t), steps, opts...)
		mustAnswer(t, "init", c.stdout.String(), want)
		mustAnswer(t, "an exec", c.exec(t, calls(steps...)).stdout, want)
		wantUID := fmt.Sprintf("%d\t%[1]d\t%[1]d\t%[1]d", uid)
		if got := statusField(t, c.task.Pid(), "Uid"); got != wantUID {
			t.Errorf("init's user is %q, want %q", got, wantUID)
		}
		mustDieOf(t, c, "getrusage")
		mustDieOf(t, c, "sched_getscheduler") // KILL: the only thread
		mustDieOf(t, c, "sched_getparam")
		mustDieOf(t, c, "sched_get_priority_min") // TRAP, and nobody catches
	})
}

// asEachUser runs a test of actionRules as root and as another, with and without
// no_new_privs, whose value in /proc/<pid>/status it is told.
func asEachUser(t *testing.T, test func(t *testing.T, uid uint32, noNewPrivs string, opts []oci.SpecOpts)) {
	t.Helper()
	for _, uid := range []uint32{0, 1000} {
		for _, nnp := range []bool{true, false} {
			t.Run(fmt.Sprintf("uid %d, no_new_privs %v", uid, nnp), func(t *testing.T) {
				t.Parallel()
				opts := []oci.SpecOpts{under(profile(t, actionRules)), oci.WithUserID(uid)}
				if nnp {
					test(t, uid, "1", opts)
				} else {
					test(t, uid, "0", append(opts, oci.WithNewPrivileges))
				}
			})
		}
	}
}

const diedOfSigsys = 128 + 31

// mustDieOf runs a call that has to end its process, in an exec.
func mustDieOf(t *testing.T, c *container, name string) {
	t.Helper()
	got := c.exec(t, calls("status", call(name)))
	if got.code != diedOfSigsys || !strings.Contains(got.stdout, "Seccomp -> 2") || strings.Contains(got.stdout, name) {
		t.Errorf("an exec that calls %s: %+v", name, got)
	}
}

// SIGSYS ends init too, which is immune to most signals.
func TestInitDiesOfItsFilter(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ action, call string }{
		{"KILL_PROCESS", "getrusage"},
		{"KILL", "sched_getscheduler"},
		{"KILL_THREAD", "sched_getparam"},
		{"TRAP", "sched_get_priority_min"},
	} {
		t.Run(row.action, func(t *testing.T) {
			t.Parallel()
			got := execute(t, calls("status", call(row.call)), under(profile(t, actionRules)))
			if got.code != diedOfSigsys || !strings.Contains(got.stdout, "Seccomp -> 2") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The default action is for every call that no rule names.
func TestDefaultActionIsInForce(t *testing.T) {
	t.Parallel()
	const dead = "" // says nothing any more
	for _, row := range []struct {
		fact, fields string // of the profile
		want         string
		code         uint32
	}{
		{"ERRNO is EPERM", `"defaultAction":"SCMP_ACT_ERRNO"`, "EPERM", 0},
		{"ERRNO with a number", `"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":99`, "EADDRNOTAVAIL", 0},
		{"KILL", `"defaultAction":"SCMP_ACT_KILL"`, dead, diedOfSigsys},
		{"KILL_THREAD", `"defaultAction":"SCMP_ACT_KILL_THREAD"`, dead, diedOfSigsys},
		{"KILL_PROCESS", `"defaultAction":"SCMP_ACT_KILL_PROCESS"`, dead, diedOfSigsys},
		{"TRAP", `"defaultAction":"SCMP_ACT_TRAP"`, dead, diedOfSigsys},
		{"TRACE without a tracer", `"defaultAction":"SCMP_ACT_TRACE"`, "ENOSYS", 0},
		{"LOG", `"defaultAction":"SCMP_ACT_LOG"`, "ok", 0},
		{"ALLOW", `"defaultAction":"SCMP_ACT_ALLOW"`, "ok", 0},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, under(allowing(profile(t, "{"+row.fields+"}"))))
			got := c.exec(t, calls("status", call("getpgid", 0)))
			mustAnswer(t, "an exec", got.stdout, map[string]string{"Seccomp": "2", call("getpgid", 0): row.want})
			if got.code != row.code {
				t.Errorf("an exec ends with %d, want %d", got.code, row.code)
			}
		})
	}
}

// Calls newer than a list of allowed ones fail as on a kernel without them;
// older ones that it leaves out are denied.
func TestSyscallsNewerThanProfile(t *testing.T) {
	t.Parallel()
	p := allowing(profile(t, `{"defaultAction":"SCMP_ACT_ERRNO"}`))
	c := hold(t, newID(t), nil, under(p))
	older, newer := call("getpgid", 0), "newer@64:1000"
	got := c.exec(t, calls(older, newer))
	mustAnswer(t, "an exec", got.stdout, map[string]string{older: "EPERM", newer: "ENOSYS"})
}

// The greatest number that the kernel passes on is one like any other.
func TestGreatestErrno(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":4095}]}`)
	got := execute(t, calls(call("getpgid", 0)), under(p))
	mustAnswer(t, "init", got.stdout, map[string]string{call("getpgid", 0): "errno 4095"})
}
