package integration

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/testbed"
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
		name, err := libseccomp.ScmpSyscall(r.Syscall).GetName()
		if err == nil && r.Exe == "/bin/calls" && slices.Contains([]string{logged, denied, quiet}, name) {
			got[name] = append(got[name], bpf.Action(r.Code).Kind())
			processes[r.Pid] = true
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
