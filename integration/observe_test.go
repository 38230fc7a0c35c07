package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"

	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/shim/poll"
)

const observeAs = "io.containerd.seccomp.v1/observe="

// A refused call has the profile's errno, in init and in an exec, and the report has it with
// its count, its process, its arguments and the rule.
func TestDenialsAreReported(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71},
		{"names":["unshare"],"action":"SCMP_ACT_ERRNO","errnoRet":72,"args":[{"index":0,"value":268435456,"op":"SCMP_CMP_EQ"}]}]}`)
	id := newObservedID(t)
	c := hold(t, id, []string{call("getpgid", 7), call("getpgid", 8), call("unshare", 1<<28), call("unshare", 0)}, under(p), annotatedWith(observeAs+"denials"))
	mustAnswer(t, "init", c.stdout.String(), map[string]string{
		call("getpgid", 7): "EPROTO", call("getpgid", 8): "EPROTO", call("unshare", 1<<28): "EMULTIHOP", call("unshare", 0): "ok",
	})
	got := c.exec(t, calls(call("getpgid", 9)))
	mustAnswer(t, "an exec", got.stdout, map[string]string{call("getpgid", 9): "EPROTO"})

	// The kernel runs the observed form of the profile, and seccompctl makes the same.
	out, err := compileByTool(t, c, "--observe", "denials")
	if err != nil {
		t.Fatal(err)
	}
	if string(installed(t, c.task.Pid()).Bytes()) != string(out) {
		t.Error("the container runs under another program than that of seccompctl")
	}

	// The exec has ended, so the report has its calls.
	report := readReport(t, id)
	if report.Mode != denials.Enforcing || report.Ended != nil || report.Profile != "seccomp profile (linux.seccomp)" {
		t.Errorf("the report says %+v", report)
	}
	mustHaveDenials(t, report,
		"init getpgid ×2 ERRNO(71 protocol error) syscalls[0] [0x7 0x0 0x0 0x0 0x0 0x0]",
		"init unshare(CLONE_NEWUSER) ×1 ERRNO(72 multihop attempted) syscalls[1] [0x10000000 0x0 0x0 0x0 0x0 0x0]",
		"exec getpgid ×1 ERRNO(71 protocol error) syscalls[0] [0x9 0x0 0x0 0x0 0x0 0x0]",
	)
	first := report.Denials[0]
	if first.PID != int(c.task.Pid()) || first.Executable != "/bin/calls" || first.Thread != "calls" || first.ABI != native {
		t.Errorf("the call is of %+v", first)
	}
	if len(report.Denials) == 3 && !strings.HasPrefix(report.Denials[2].ExecID, "e") {
		t.Errorf("the exec is %q", report.Denials[2].ExecID)
	}
	c.kill(t)
	if report = readReport(t, id); report.Ended == nil || report.Ended.Status != 137 {
		t.Errorf("the end is %+v", report.Ended)
	}
	if log := nodeLog.of(id); strings.Count(log, "seccomp: call refused") != 3 {
		t.Errorf("the log has:\n%s", log)
	}
}

// On trial nothing is enforced: neither an errno, nor a kill, nor a foreign ABI.
func TestTrial(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":71,"syscalls":[
		{"names":["getpgid"],"action":"SCMP_ACT_KILL_PROCESS"},{"names":["getsid"],"action":"SCMP_ACT_TRAP"},
		{"names":["getppid","hold"],"action":"SCMP_ACT_ALLOW"}]}`)
	id := newObservedID(t)
	steps := []string{call("getpgid", 0), call("getsid", 0), call("getppid"), call("getuid")}
	c := holdWith(t, id, observing("trial"), steps, under(p))
	mustAnswer(t, "init", c.stdout.String(), map[string]string{
		call("getpgid", 0): "ok", call("getsid", 0): "ok", call("getppid"): "ok", call("getuid"): "ok",
	})
	c.kill(t)
	found := map[string]bool{}
	report := readReport(t, id)
	for _, d := range report.Denials {
		found[d.Text+" "+d.Answer] = true
	}
	for _, want := range []string{"getpgid KILL_PROCESS", "getsid TRAP(0)", "getuid ERRNO(71 protocol error)", "execve ERRNO(71 protocol error)"} {
		if !found[want] {
			t.Errorf("not reported: %s; there is %v", want, found)
		}
	}
	if report.Mode != denials.Trial {
		t.Errorf("the mode is %q", report.Mode)
	}
}

// The report names the call that has killed a process, in init and in an exec, if the kernel's
// log does.
func TestKilledCallIsNamed(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getsid"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)
	for _, inExec := range []bool{false, true} {
		id := newObservedID(t)
		var pid uint32
		if inExec {
			c := hold(t, id, nil, under(p), annotatedWith(observeAs+"denials"))
			if got := c.exec(t, calls(call("getsid", 0))); got.code != diedOfSigsys {
				t.Errorf("an exec: %+v", got)
			}
		} else {
			c := launch(t, id, calls(call("getsid", 0)), under(p), annotatedWith(observeAs+"denials"))
			pid = c.task.Pid()
			if got := c.end(t); got.code != diedOfSigsys {
				t.Errorf("init: %+v", got)
			}
		}
		report := readReport(t, id)
		if len(report.Denials) == 1 {
			d := report.Denials[0]
			if d.Text != "getsid" || d.Answer != "KILL_PROCESS" || d.Rule != "syscalls[0]" || d.Executable != "/bin/calls" || pid != 0 && d.PID != int(pid) {
				t.Errorf("the call is %+v", d)
			}
			continue
		}
		if pid != 0 && (report.Ended == nil || report.Ended.Unnamed == "") {
			t.Errorf("no call, and no reason: %+v", report)
		}
		log, err := exec.Command("dmesg").Output()
		if pid != 0 && strings.Contains(string(log), fmt.Sprintf(" pid=%d comm=\"calls\"", pid)) {
			t.Errorf("the kernel's log has the call: %v, %+v", err, report.Ended)
		}
	}
}

// A killed child of the first process is named too, in the report and in the termination
// message, if the shim sees it before it has vanished.
func TestKilledChildIsNamed(t *testing.T) {
	t.Parallel()
	if !audit.InFirstPIDNamespace() {
		t.Skip("the kernel's records have the pids of the first pid namespace")
	}
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getsid"],"action":"SCMP_ACT_KILL_PROCESS"}]}`)
	id := newObservedID(t)
	c := launch(t, id, sh(`while :; do `+strings.Join(calls(call("getsid", 0)), " ")+`; done`), under(p), annotatedWith(observeAs+"denials"))
	named := func() bool { return len(readReport(t, id).Denials) > 0 }
	if !poll.Until(50*time.Millisecond, patience, named) {
		group, err := audit.JoinGroup(0)
		if err != nil {
			t.Skip("the shim gets no records: ", err)
		}
		t.Fatal("of all killed children none is named", group.Close())
	}
	c.kill(t)
	report := readReport(t, id)
	d := report.Denials[0]
	if d.Kind != denials.Descendant || d.Text != "getsid" || d.Executable != "/bin/calls" || !d.Killed {
		t.Errorf("the call is %+v", d)
	}
	if message := report.Message(); !strings.Contains(message, "KILL_PROCESS by syscalls[0], in /bin/calls") {
		t.Errorf("the message is %q", message)
	}
}

// A pod cannot switch enforcement off, and a profile with an agent of its own cannot be
// observed.
func TestObserveIsRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact, annotation, profile string
		words                     []string
	}{
		{"a trial", "trial", denyUnshare, []string{"annotation io.containerd.seccomp.v1/observe", `"trial"`, "allow_trial"}},
		{"an unknown mode", "deny", denyUnshare, []string{"annotation io.containerd.seccomp.v1/observe", `"deny"`, "denials, trial or record"}},
		{"an agent", "denials", `"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/none","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_NOTIFY"}]`,
			[]string{"annotation io.containerd.seccomp.v1/observe", "SCMP_ACT_NOTIFY"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			_, err := create(t, newID(t), calls("hold"), under(profile(t, "{"+row.profile+"}")), annotatedWith(observeAs+row.annotation))
			if err == nil {
				t.Fatal("the container is created")
			}
			for _, word := range row.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("the error lacks %q: %v", word, err)
				}
			}
		})
	}
}

// Under the handler's option a container with an agent runs unobserved, and its agent is
// asked.
func TestObserveBesideAnAgent(t *testing.T) {
	t.Parallel()
	skipWithoutNotify(t)
	agent := listen(t)
	p := profile(t, notifyRules)
	p.ListenerPath = agent.path
	id := newObservedID(t)
	c := holdWith(t, id, observing("denials"), []string{call("getpgid", 0)}, under(p))
	mustContain(t, "init", c.stdout.String(), []string{call("getpgid", 0) + " -> 4242"})
	if _, err := os.Stat(reportPath(id)); !os.IsNotExist(err) {
		t.Errorf("there is a report: %v", err)
	}
	eventually(t, "the log says so", func() bool {
		return strings.Contains(nodeLog.String(), "is not observed: the profile has SCMP_ACT_NOTIFY")
	})
}

// observing returns the handler's options with a mode.
func observing(mode string) *runtimeoptions.Options {
	return &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\nobserve = %q\n", profileRoot, mode)}
}

// run makes the container's task and starts it.
func (c *container) run(t *testing.T) {
	t.Helper()
	var err error
	if c.task, err = c.NewTask(bounded(t), toStreams(nil, c.stdout, c.stderr)); err != nil {
		t.Fatalf("create: %v", err)
	}
	if c.exits, err = c.task.Wait(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := c.task.Start(bounded(t)); err != nil {
		t.Fatalf("start: %v", err)
	}
}

// newObservedID is newID for a container that leaves a report. The report is removed with
// the container.
func newObservedID(t *testing.T) string {
	t.Helper()
	return newIDLeaving(t, func(id string) {
		os.Remove(reportPath(id))
		os.Remove(filepath.Dir(reportPath(id))) // if it was the last one
	})
}

func reportPath(id string) string {
	return filepath.Join("/run/seccomp-shim/denials", node.Namespace(), id+".json")
}

func readReport(t *testing.T, id string) *denials.Report {
	t.Helper()
	return readJSON[denials.Report](t, reportPath(id))
}

func mustHaveDenials(t *testing.T, report *denials.Report, want ...string) {
	t.Helper()
	var got []string
	for _, d := range report.Denials {
		got = append(got, fmt.Sprintf("%s %s ×%d %s %s %v", d.Kind, d.Text, d.Count, d.Answer, d.Rule, d.Args))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the report has:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// endlessly makes refused calls until it is killed, in several processes.
const endlessly = "for i in 1 2 3; do while :; do mkdir /new; done 2>/dev/null & done; while :; do mkdir /new; done 2>/dev/null"

// A container that makes refused calls without end is paused, goes on, and is killed as any
// other. Its shim stays small, its log short, and nothing that was counted is lost.
func TestEndlessDenials(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}`)
	id := newObservedID(t)
	c := launch(t, id, sh(endlessly), under(p), annotatedWith(observeAs+"denials"))
	total := func() uint64 { return readReport(t, id).Total() }
	eventually(t, "it has made calls", func() bool { return total() > 100 })
	if err := c.task.Pause(bounded(t)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond) // a report is written once in a second
	paused := total()
	time.Sleep(1500 * time.Millisecond)
	if now := total(); now != paused {
		t.Errorf("paused it makes calls: %d, then %d", paused, now)
	}
	if err := c.task.Resume(bounded(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on", func() bool { return total() > paused+100 })
	begin := time.Now()
	c.kill(t)
	if took := time.Since(begin); took > refusalTime {
		t.Errorf("it was killed and deleted within %v", took)
	}
	report := readReport(t, id)
	if report.Ended == nil || len(report.Denials) != 1 || report.Denials[0].Executable != "/bin/busybox" || report.Total() < paused+100 {
		t.Errorf("the report is %s", encoded(t, report))
	}
	if count := strings.Count(nodeLog.of(id), "seccomp: call refused"); count < 2 || count > 5 {
		t.Errorf("%d lines in the log for %d calls", count, report.Total())
	}
}

// An observed container is not saved: the error says why.
func TestCheckpointOfObserved(t *testing.T) {
	t.Parallel()
	id := newObservedID(t)
	c := hold(t, id, nil, under(profile(t, "{"+denyUnshare+"}")), annotatedWith(observeAs+"denials"))
	_, err := c.task.Checkpoint(bounded(t))
	if err == nil || !strings.Contains(err.Error(), "the container is observed") {
		t.Errorf("error %v", err)
	}
	if got := c.exec(t, calls(call("unshare", 0))); answers(got.stdout)[call("unshare", 0)] != "EPROTO" {
		t.Errorf("after it: %+v", got)
	}
}
