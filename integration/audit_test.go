package integration

import (
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/audit"
)

// The kernel logs the calls that SCMP_ACT_LOG allows, and with the LOG flag also those
// that the profile denies, for init and for exec'd processes.
func TestAuditRecords(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	// No other test makes these calls, so the records belong to this one.
	const logged, denied, quiet = "sched_rr_get_interval", "ioprio_get", "get_robust_list"
	const profileText = `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"],"syscalls":[
		{"names":["` + logged + `"],"action":"SCMP_ACT_LOG"},
		{"names":["` + denied + `"],"action":"SCMP_ACT_ERRNO"}]}`
	log, err := testbed.OpenAuditLog()
	if err != nil {
		t.Skip(err)
	}
	defer func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}()
	steps := []string{call(logged), call(denied), call(quiet)}
	c := hold(t, newID(t), steps, under(profile(t, profileText)))
	if got := c.exec(t, calls(steps...)); got.code != 0 {
		t.Errorf("exec: %+v", got)
	}
	records, err := log.Drain(500 * time.Millisecond)
	if errors.Is(err, testbed.ErrAuditLost) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]bpf.Action{}
	processes := map[int]bool{}
	for _, r := range records {
		name, err := libseccomp.ScmpSyscall(r.Number).GetName()
		if err == nil && r.Executable == "/bin/calls" && slices.Contains([]string{logged, denied, quiet}, name) {
			got[name] = append(got[name], r.Action.Kind())
			processes[r.PID] = true
		}
	}
	if len(records) == 0 {
		t.Skip("the kernel notes nothing: audit is off")
	}
	want := map[string][]bpf.Action{logged: {bpf.Log, bpf.Log}, denied: {bpf.Errno, bpf.Errno}}
	if !maps.EqualFunc(got, want, slices.Equal) || len(processes) != 2 {
		t.Errorf("got %v of processes %v\nwant %v of two", got, processes, want)
	}
}

// Every flag that this kernel and libseccomp support is accepted. The others are
// refused by name.
func TestFlags(t *testing.T) {
	t.Parallel()
	const (
		tsync     = "SECCOMP_FILTER_FLAG_TSYNC"
		log       = string(specs.LinuxSeccompFlagLog)
		specAllow = string(specs.LinuxSeccompFlagSpecAllow)
	)
	for _, row := range []struct {
		fact  string
		flags []string
		logs  bool
	}{
		{"none", nil, false},
		{"TSYNC", []string{tsync}, false},
		{"LOG", []string{log}, true},
		{"SPEC_ALLOW", []string{specAllow}, false},
		{"all of these", []string{tsync, log, specAllow}, true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			p := profile(t, denyGetpgid)
			for _, flag := range row.flags {
				p.Flags = append(p.Flags, specs.LinuxSeccompFlag(flag))
			}
			c := hold(t, newID(t), []string{call("getpgid", 0)}, under(p))
			mustAnswer(t, "init", c.stdout.String(), map[string]string{call("getpgid", 0): "EPERM"})
			for _, pid := range []uint32{c.task.Pid(), c.holdExec(t)} {
				if f := installedFilter(t, pid); f.Logs != row.logs {
					t.Errorf("process %d: the kernel logs: %v, want %v", pid, f.Logs, row.logs)
				}
			}
		})
	}
}

const denyGetpgid = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO"}]}`

// seccompctl audit shows a container's recorded calls under its name, with those of an exec
// that lives as long as it takes to look for it.
func TestAuditCommand(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	if !audit.InFirstPIDNamespace() {
		t.Skip("records have the pids of the first pid namespace")
	}
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["sched_get_priority_min","hold"],"action":"SCMP_ACT_LOG"}]}`)
	id := newID(t)
	var out output
	tool := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), "audit", "--follow", "--state", filepath.Join(node.Dir(), "state"), id)
	tool.Stdout, tool.Stderr = &out, &out
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = tool.Process.Kill()
		_ = tool.Wait()
	})
	time.Sleep(100 * time.Millisecond) // records from before it has joined the group are not shown
	c := hold(t, id, []string{call("sched_get_priority_min", 0), call("sched_get_priority_min", 1)}, under(p))
	const line = " /bin/calls: sched_get_priority_min ×"
	c.holdExec(t, call("sched_get_priority_min", 2))
	for range 100 {
		if strings.Contains(out.String(), id+line+"3 (SCMP_ARCH_X86_64): LOG\n") {
			c.kill(t)
			return
		}
		if strings.Contains(out.String(), "lost records") {
			t.Skip(out.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if log, err := audit.Past(); err == nil {
		defer log.Close()
		if records, _, err := log.Read(); err == nil && len(records) == 0 {
			t.Skip("the kernel's log has no records: audit is off, or a daemon takes them")
		}
	}
	t.Errorf("it says:\n%s", out.String())
}
