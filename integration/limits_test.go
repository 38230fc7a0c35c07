package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/integration/testbed"
)

// sweeps returns how often each start under limits is tried. A failure would come from
// Go's runtime, which needs a thread or memory only now and then: make stress tries 40
// times.
func sweeps(t *testing.T, usual int) int {
	t.Helper()
	text := os.Getenv("SWEEPS")
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// limited are the values of resource limits, from the smallest to usual ones.
var limited = []struct {
	resource, flag string // the option of prlimit(1)
	values         []uint64
}{
	{"RLIMIT_AS", "--as", []uint64{0, 1 << 16, 16 << 20, 1000 << 20}},
	{"RLIMIT_DATA", "--data", []uint64{0, 1 << 16, 16 << 20}},
	{"RLIMIT_STACK", "--stack", []uint64{0, 1 << 16, 8 << 20}},
	{"RLIMIT_NPROC", "--nproc", []uint64{0, 1, 1000}},
	{"RLIMIT_NOFILE", "--nofile", []uint64{0, 3, 5, 1024}},
	{"RLIMIT_CPU", "--cpu", []uint64{0, 1, 1000}},
	{"RLIMIT_FSIZE", "--fsize", []uint64{0, 1, 1 << 30}},
	{"RLIMIT_MEMLOCK", "--memlock", []uint64{0, 1, 64 << 10}},
	{"RLIMIT_SIGPENDING", "--sigpending", []uint64{0, 1, 1000}},
}

// filtered returns the kinds of filter that a start may load.
func filtered(t *testing.T) map[string]oci.SpecOpts {
	t.Helper()
	notify := profile(t, notifyRules)
	agent := listen(t)
	notify.ListenerPath = agent.path
	go func() {
		for range agent.states { // no test reads these states
		}
	}()
	return map[string]oci.SpecOpts{
		"no profile": oci.WithNewPrivileges,
		"a profile":  under(profile(t, actionRules)),
		"NOTIFY":     under(notify),
	}
}

// If the kernel lets a program start under a resource limit, the runtime does so too.
func TestStartUnderResourceLimits(t *testing.T) {
	t.Parallel()
	reference := filepath.Join(t.TempDir(), "minimal")
	text, err := testbed.CompileC("shim/container/load/testdata/minimal.c", "-nostdlib", "-fno-stack-protector")
	if err == nil {
		err = os.WriteFile(reference, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	times := sweeps(t, 3)
	for fact, filter := range filtered(t) {
		t.Run(fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, filter)
			for _, l := range limited {
				for _, value := range l.values {
					want := runLimited(t, reference, l.flag, value)
					if l.resource == "RLIMIT_CPU" && value == 0 { // the next clock tick kills the process, at any point of its start
						want = append(want, outcome{code: 128 + int(syscall.SIGKILL)}, outcome{fails: "was killed by SIGKILL before it ran the program"})
					}
					row := fmt.Sprintf("%s, %s %d", fact, l.resource, value)
					if fact == "NOTIFY" && l.resource == "RLIMIT_NOFILE" && value < 5 {
						want = []outcome{{fails: "load seccomp filter: too many open files"}} // the listener is its fifth descriptor
					}
					limits := []specs.POSIXRlimit{{Type: l.resource, Soft: value, Hard: value}}
					for range times {
						mustBeLike(t, row+", an exec", c.tryExec(t, limits), want)
					}
					inits := times
					if os.Getenv("SWEEPS") == "" && value != l.values[0] {
						inits = 1 // an init takes ten times as long as an exec
					}
					for range inits {
						mustBeLike(t, row+", init", tryInit(t, limits, filter), want)
					}
				}
			}
		})
	}
}

// outcome is the result of a start, with or without a runtime.
type outcome struct {
	code   int    // as a shell reports it
	fails  string // the error of a start that fails
	stderr string
}

// runLimited runs the program of minimal.c under a limit on the host, and returns its
// outcomes. There can be several, because they may depend on where the kernel puts the
// stack.
func runLimited(t *testing.T, program, flag string, value uint64) (all []outcome) {
	t.Helper()
	for range 30 {
		if o := runLimitedOnce(t, program, flag, value); !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	return all
}

func runLimitedOnce(t *testing.T, program, flag string, value uint64) outcome {
	t.Helper()
	cmd := exec.Command("prlimit", fmt.Sprintf("%s=%d:%d", flag, value, value), program)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case status.Signaled():
		return outcome{code: 128 + int(status.Signal())}
	case strings.Contains(string(out), "failed to execute"):
		_, reason, _ := strings.Cut(strings.TrimSpace(string(out)), program+": ")
		return outcome{fails: "exec /bin/minimal: " + strings.ToLower(reason)}
	}
	return outcome{code: status.ExitStatus()}
}

func mustBeLike(t *testing.T, row string, got outcome, want []outcome) {
	t.Helper()
	for _, w := range want {
		if got.stderr == "" && got.code == w.code && strings.HasSuffix(got.fails, w.fails) && (got.fails == "") == (w.fails == "") {
			return
		}
	}
	t.Errorf("%s: got %+v, want one of %+v", row, got, want)
}

func (c *container) tryExec(t *testing.T, limits []specs.POSIXRlimit) outcome {
	t.Helper()
	var errOut output
	p, err := c.addExec(t, toStreams(nil, nil, &errOut), []string{"/bin/minimal"}, func(p *specs.Process) { p.Rlimits = limits })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := p.Delete(bounded(t)); err != nil {
			t.Errorf("delete: %v", err)
		}
	}()
	exits, err := p.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		return outcome{fails: err.Error()}
	}
	return outcome{code: int(await(t, "the exec", exits).ExitCode()), stderr: errOut.String()}
}

func tryInit(t *testing.T, limits []specs.POSIXRlimit, opts ...oci.SpecOpts) outcome {
	t.Helper()
	c, err := create(t, newID(t), []string{"/bin/minimal"}, append(opts, func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		s.Process.Rlimits = limits
		return nil
	})...)
	if err != nil {
		return outcome{fails: err.Error()}
	}
	if err := c.task.Start(bounded(t)); err != nil {
		return outcome{fails: err.Error()}
	}
	got := c.end(t)
	return outcome{code: int(got.code), stderr: got.stderr}
}

// A container starts under the smallest limits of its cgroup that allow a process. An
// exec may need a thread when it is already in the cgroup, with runc too: it starts, or
// its error names the limit.
func TestStartUnderCgroupLimits(t *testing.T) {
	t.Parallel()
	times := sweeps(t, 3)
	limits := map[string]oci.SpecOpts{"memory 16 MiB": oci.WithMemoryLimit(16 << 20)}
	for _, n := range []int64{1, 2, 3, 4} {
		limits[fmt.Sprintf("pids %d", n)] = oci.WithPidsLimit(n)
	}
	for fact, filter := range filtered(t) {
		for limit, opt := range limits {
			t.Run(fact+", "+limit, func(t *testing.T) {
				t.Parallel()
				for range times {
					got := execute(t, []string{"/bin/minimal"}, filter, opt)
					if got.code != 7 || got.stdout != "ran\n" || got.stderr != "" {
						t.Errorf("init: %+v", got)
					}
				}
				c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, filter, opt)
				c.stdout.await(t, "ran")
				for range 2 * times {
					got := c.tryExec(t, nil)
					if refused := strings.Contains(got.fails, "pids.max "); !refused && (got.code != 7 || got.fails != "" || got.stderr != "") {
						t.Errorf("an exec: %+v", got)
					}
				}
			})
		}
	}
}
