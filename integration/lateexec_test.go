package integration

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// refusedByExecve are programs that execve(2) refuses, although they exist and are executable.
var refusedByExecve = []struct {
	fact string
	args []string
	says string
}{
	{"an empty file", []string{"/late/empty"}, "exec /late/empty: exec format error"},
	{"a script without its interpreter", []string{"/late/script"}, "exec /late/script: no such file or directory"},
	{"an argument beyond MAX_ARG_STRLEN", []string{"/bin/true", strings.Repeat("x", 128<<10)}, "exec /bin/true: argument list too long"},
	{"a file that is written to", []string{"/late/busy"}, "exec /late/busy: text file busy"},
	{"capabilities of the file that the container has not", []string{"/late/capable"}, "exec /late/capable: operation not permitted"},
}

// withRefused mounts these programs at /late.
func withRefused(t *testing.T) oci.SpecOpts {
	t.Helper()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file("empty", "")
	file("script", "#!/no/such/interpreter\n")
	busy, err := os.OpenFile(file("busy", string(busybox)), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
	// struct vfs_cap_data: revision 2 with the effective bit, then permitted and
	// inheritable, the lower halves first.
	capable := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	capable = binary.LittleEndian.AppendUint32(capable, 1<<unix.CAP_SYS_BOOT)
	if err := unix.Setxattr(file("capable", string(busybox)), "security.capability", append(capable, make([]byte, 12)...), 0); err != nil {
		t.Fatal(err)
	}
	return oci.WithMounts([]specs.Mount{{Destination: "/late", Type: "bind", Source: dir, Options: []string{"bind"}}})
}

// If execve fails, the start's error names the file and the reason, with and without a
// filter, even if the filter denies all other calls. It does not blame the filter.
func TestLateExecveFails(t *testing.T) {
	t.Parallel()
	late := withRefused(t)
	for _, filter := range []struct {
		fact string
		opts []oci.SpecOpts
	}{
		{"without a profile", nil},
		{"a profile that allows all", []oci.SpecOpts{under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO"}]}`))}},
		{"a profile that kills the thread at all else", []oci.SpecOpts{onlyExecve(t, specs.ActKillThread)}},
		{"a profile that kills the process at all else", []oci.SpecOpts{onlyExecve(t, specs.ActKillProcess)}},
		{"a profile that denies all else", []oci.SpecOpts{onlyExecve(t, specs.ActErrno)}},
	} {
		for _, program := range refusedByExecve {
			t.Run(filter.fact+", "+program.fact, func(t *testing.T) {
				t.Parallel()
				err := mustNotStart(t, program.args, append(filter.opts, late)...)
				if !strings.HasSuffix(err, ": "+program.says) || strings.Contains(err, "seccomp") {
					t.Errorf("start says %q", err)
				}
			})
		}
	}
}

// onlyExecve is a profile that allows execve and no call by which a process could exit.
// It names openat2 too, because syscalls above the highest one named fail with ENOSYS.
func onlyExecve(t *testing.T, otherwise specs.LinuxSeccompAction) oci.SpecOpts {
	return under(profile(t, `{"defaultAction":"`+string(otherwise)+`","syscalls":[{"names":["execve","openat2"],"action":"SCMP_ACT_ALLOW"}]}`))
}

// mustNotStart starts a container whose start must fail soon, and returns the error.
// The container can be deleted: see newID.
func mustNotStart(t *testing.T, args []string, opts ...oci.SpecOpts) string {
	t.Helper()
	c, err := create(t, newID(t), args, opts...)
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	began := time.Now()
	err = c.task.Start(bounded(t))
	if err == nil {
		t.Fatalf("the start succeeds; stderr: %q", c.stderr.String())
	}
	if took := time.Since(began); took > refusalTime {
		t.Errorf("the start took %v", took)
	}
	if _, err := c.task.Delete(bounded(t)); err != nil {
		t.Errorf("delete: %v", err)
	}
	if text := c.stdout.String() + c.stderr.String(); text != "" {
		t.Errorf("the container says %q", text)
	}
	return err.Error()
}

// The same for an exec.
func TestLateExecveOfExecFails(t *testing.T) {
	t.Parallel()
	late := withRefused(t)
	// The container's own program is under the profile too, so that allows its calls.
	killing := allowing(profile(t, `{"defaultAction":"SCMP_ACT_KILL_THREAD"}`))
	for _, opts := range [][]oci.SpecOpts{{late}, {late, under(killing)}} {
		c := hold(t, newID(t), nil, opts...)
		for _, program := range refusedByExecve {
			err := c.mustNotExec(t, program.args)
			if !strings.HasSuffix(err, ": "+program.says) || strings.Contains(err, "seccomp") {
				t.Errorf("%s: start says %q", program.fact, err)
			}
		}
		if got := c.exec(t, calls("exit:4")); got.code != 4 {
			t.Errorf("another exec: %+v", got)
		}
	}
}

// A process whose execve has failed exits. If a filter kills the thread that calls
// exit, Go's other threads live on without a filter. The shim kills them, also if an
// agent is asked about execve and the start was over before.
func TestFailedExecLeavesNoThreads(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ fact, execve string }{
		{"without an agent", "SCMP_ACT_ALLOW"},
		{"with an agent", "SCMP_ACT_NOTIFY"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			// The profile names openat2, because syscalls above the highest one named
			// fail with ENOSYS.
			p := profile(t, `{"defaultAction":"SCMP_ACT_KILL_THREAD","syscalls":[
				{"names":["write","openat2"],"action":"SCMP_ACT_ALLOW"},{"names":["execve"],"action":"`+row.execve+`"}]}`)
			asked := row.execve == string(specs.ActNotify)
			if asked {
				skipWithoutNotify(t)
				p.ListenerPath = listen(t).path
			}
			c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, withRefused(t), under(p))
			c.stdout.await(t, "ran")
			program := refusedByExecve[0]
			if !asked {
				c.mustNotExec(t, program.args)
			} else if got := c.exec(t, program.args); got.code != 128+uint32(unix.SIGKILL) || got.stderr != program.says+"\n" {
				t.Errorf("an exec: %+v", got)
			}
			if pids, err := c.task.Pids(bounded(t)); err != nil || len(pids) != 1 {
				t.Errorf("besides init there is %v, %v", pids, err)
			}
		})
	}
}

func (c *container) mustNotExec(t *testing.T, args []string) string {
	t.Helper()
	p, err := c.addExec(t, toStreams(nil, nil, nil), args)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	err = p.Start(bounded(t))
	if err == nil {
		t.Fatal("the exec starts")
	}
	if took := time.Since(began); took > refusalTime {
		t.Errorf("the start took %v", took)
	}
	if _, err := p.Delete(context.WithoutCancel(bounded(t))); err != nil {
		t.Errorf("delete exec: %v", err)
	}
	return err.Error()
}

// If a filter kills the thread in its execve, the error names the filter. A profile that
// denies every execve does not get so far: it is refused.
func TestFilterEndsExecve(t *testing.T) {
	t.Parallel()
	const named = "seccomp profile (linux.seccomp)"
	const killed = named + ": the filter killed the process before it ran the program"
	for _, row := range []struct{ action, says string }{
		{`"SCMP_ACT_KILL_THREAD"`, killed},
		{`"SCMP_ACT_KILL"`, killed},
		{`"SCMP_ACT_KILL_PROCESS"`, killed},
		{`"SCMP_ACT_TRAP"`, killed},
		{`"SCMP_ACT_ERRNO","errnoRet":8`, named + " answers execve: exec /bin/calls: exec format error"},
		{`"SCMP_ACT_ERRNO","errnoRet":4`, named + " answers execve: exec /bin/calls: interrupted system call"},
		{`"SCMP_ACT_TRACE"`, named + " answers execve: exec /bin/calls: function not implemented"},
	} {
		t.Run(row.action, func(t *testing.T) {
			t.Parallel()
			p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
				{"names":["execve"],"action":`+row.action+`,"args":[{"index":1,"value":0,"op":"SCMP_CMP_NE"}]}]}`)
			if err := mustNotStart(t, calls("hold"), under(p)); !strings.HasSuffix(err, row.says) {
				t.Errorf("start says %q", err)
			}
		})
	}
}
