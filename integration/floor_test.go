package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/containerd/v2/pkg/oci"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/denials"
)

const (
	afAlg    = 38
	theFloor = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_MASKED_EQ","value":4294967295,"valueTwo":38}]},
		{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71},{"names":["getsid"],"action":"SCMP_ACT_KILL_PROCESS"}]}`
)

// floored are the options of a handler with a floor, a file that the test writes.
func floored(t *testing.T, text string, more ...string) (_ *runtimeoptions.Options, file string) {
	t.Helper()
	root := t.TempDir()
	file = filepath.Join(root, "floor.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := append([]string{fmt.Sprintf("profile_root = %q", root), `floor = "Localhost/floor.json"`}, more...)
	return &runtimeoptions.Options{ConfigBody: []byte(strings.Join(lines, "\n"))}, file
}

// The floor holds in each container of the handler, in init and in an exec, with each profile
// that the container can have, and of two answers the stricter one counts.
func TestFloor(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	steps := []string{call("socket", afAlg, 5, 0), legacy("getpgid", 0), call("getpgid", 0), call("getppid"), call("getuid")}
	for _, row := range []struct {
		fact    string
		opts    []oci.SpecOpts
		answers []string
	}{
		{"no profile", nil, []string{"EAFNOSUPPORT", "EPROTO", "EPROTO", "ok", "ok"}},
		{"privileged", []oci.SpecOpts{oci.WithPrivileged}, []string{"EAFNOSUPPORT", "EPROTO", "EPROTO", "ok", "ok"}},
		{"the pod's author asks for Unconfined", []oci.SpecOpts{annotatedWith("io.containerd.seccomp.v1/profile=Unconfined")},
			[]string{"EAFNOSUPPORT", "EPROTO", "EPROTO", "ok", "ok"}},
		{"a profile that allows all", []oci.SpecOpts{under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"]}`))},
			[]string{"EAFNOSUPPORT", "EPROTO", "EPROTO", "ok", "ok"}},
		{"a profile that refuses the same and more", []oci.SpecOpts{under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[
			{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":72},{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":73}]}`))},
			[]string{"EAFNOSUPPORT", "EMULTIHOP", "EMULTIHOP", "EDOTDOT", "ok"}},
		{"a profile that does not allow the runtime's calls", []oci.SpecOpts{under(profile(t, `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":74,"syscalls":[
			{"names":["execve","write","exit_group","arch_prctl","socket","getuid","read","rt_sigaction","pause","rt_sigreturn","set_tid_address","brk","mmap","nanosleep","clock_nanosleep"],"action":"SCMP_ACT_ALLOW"}]}`))},
			nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			id := newID(t)
			handler, _ := floored(t, theFloor)
			if row.answers == nil {
				c := holdWith(t, id, handler, []string{call("socket", afAlg, 5, 0), call("getuid"), call("getppid")}, row.opts...)
				mustAnswer(t, "init", c.stdout.String(), map[string]string{call("socket", afAlg, 5, 0): "EAFNOSUPPORT", call("getuid"): "ok", call("getppid"): "EBADMSG"})
				c.kill(t)
				return
			}
			want := map[string]string{}
			for i, step := range steps {
				want[step] = row.answers[i]
			}
			c := holdWith(t, id, handler, steps, row.opts...)
			mustAnswer(t, "init", c.stdout.String(), want)
			mustAnswer(t, "an exec", c.exec(t, calls(steps...)).stdout, want)
			if got := c.exec(t, calls(call("getsid", 0))); got.code != diedOfSigsys {
				t.Errorf("an exec that makes a call that the floor kills for: %+v", got)
			}
			c.kill(t)
		})
	}
}

// The floor holds in a user namespace, for root and another user, with no_new_privs and without,
// although the container has no profile.
func TestFloorInUserNamespace(t *testing.T) {
	t.Parallel()
	asEachUser(t, func(t *testing.T, _ uint32, noNewPrivs string, opts []oci.SpecOpts) {
		handler, _ := floored(t, theFloor)
		steps := []string{"status", call("getpgid", 0), call("getppid")}
		want := map[string]string{"Seccomp": "2", "NoNewPrivs": noNewPrivs, call("getpgid", 0): "EPROTO", call("getppid"): "ok"}
		c := launchInUserNamespaceWith(t, handler, calls(append(steps, "hold")...), append(opts, under(nil))...)
		c.stdout.await(t, "hold -> waiting")
		mustAnswer(t, "init", c.stdout.String(), want)
		mustAnswer(t, "an exec", c.exec(t, calls(steps...)).stdout, want)
		c.kill(t)
	})
}

// An operator's mistake in the floor stops each container of the handler, before anything of
// it is made, and the error names the file and the field.
func TestFloorIsWrong(t *testing.T) {
	t.Parallel()
	for fact, row := range map[string]struct {
		floor string
		words []string
	}{
		"a half-written file": {theFloor[:60], []string{"floor.json"}},
		"a misspelt action":   {`{"defaultAction":"SCMP_ACT_ALOW"}`, []string{"floor.json", "defaultAction", "SCMP_ACT_ALOW"}},
		"execve is denied":    {`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ERRNO"}]}`, []string{"floor.json", "execve"}},
		"a listener":          {`{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/a","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"}]}`, []string{"floor.json", "SCMP_ACT_NOTIFY"}},
		"all is denied":       {`{"defaultAction":"SCMP_ACT_ERRNO"}`, []string{"floor.json", "execve"}},
	} {
		t.Run(fact, func(t *testing.T) {
			handler, _ := floored(t, row.floor)
			id := newID(t)
			mustFail(t, id, newContainerWith(t, id, handler, calls("hold")), append(row.words, `option floor: "Localhost/floor.json"`), true)
		})
	}
	handler, file := floored(t, theFloor)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	id := newID(t)
	mustFail(t, id, newContainerWith(t, id, handler, calls("hold")), []string{"option floor", "floor.json", "no such file"}, true)
}

// A floor that is replaced holds for new containers; those that run keep theirs.
func TestFloorIsReplaced(t *testing.T) {
	t.Parallel()
	handler, file := floored(t, theFloor)
	before := holdWith(t, newID(t), handler, []string{call("getpgid", 0)})
	if err := os.WriteFile(file, []byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getuid"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	after := holdWith(t, newID(t), handler, nil)
	mustAnswer(t, "an exec of the older one", before.exec(t, calls(call("getpgid", 0), call("getuid"))).stdout,
		map[string]string{call("getpgid", 0): "EPROTO", call("getuid"): "ok"})
	mustAnswer(t, "an exec of the newer one", after.exec(t, calls(call("getpgid", 0), call("getuid"))).stdout,
		map[string]string{call("getpgid", 0): "ok", call("getuid"): "EPROTO"})
	out, err := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), "floor", "--state", filepath.Join(node.Dir(), "state")).CombinedOutput()
	for c, state := range map[*container]string{before: "replaced", after: "current"} {
		if !regexp.MustCompile(`(?m)^` + c.ID() + ` +` + file + ` +sha256:[0-9a-f]{64} +` + state + `$`).Match(out) {
			t.Errorf("seccompctl floor does not say that the floor of %s is %s: %v\n%s", c.ID(), state, err, out)
		}
	}
	before.kill(t)
	after.kill(t)
}

// A floor on trial refuses nothing, and the report says what it would refuse. The container's
// own profile is enforced.
func TestFloorOnTrial(t *testing.T) {
	t.Parallel()
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getppid"],"action":"SCMP_ACT_ERRNO","errnoRet":73},
		{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":72}]}`)
	for _, observed := range []bool{false, true} {
		id := newObservedID(t)
		handler, _ := floored(t, theFloor, `floor_observe = "trial"`)
		opts := []oci.SpecOpts{under(p)}
		if observed {
			opts = append(opts, annotatedWith(observeAs+"denials"))
		}
		c := holdWith(t, id, handler, []string{call("getsid", 0), call("getpgid", 0), call("getppid")}, opts...)
		mustAnswer(t, "init", c.stdout.String(), map[string]string{call("getsid", 0): "ok", call("getpgid", 0): "EMULTIHOP", call("getppid"): "EDOTDOT"})
		eventually(t, "seccompctl floor check says that getsid would be refused", func() bool {
			out, err := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), "floor", "check", "--state", filepath.Join(node.Dir(), "state")).CombinedOutput()
			return err != nil && strings.Contains(string(out), id+": getsid ×1: KILL_PROCESS by the floor's syscalls[2]\n")
		})
		c.kill(t)
		report := readReport(t, id)
		found := map[string]bool{}
		for _, d := range report.Denials {
			found[fmt.Sprintf("%s %s %s %v", d.Text, d.Answer, d.Rule, d.LetThrough)] = true
		}
		want := map[string]bool{"getsid KILL_PROCESS the floor's syscalls[2] true": true}
		mode := denials.FloorTrial
		if observed {
			mode = denials.Enforcing
			want["getpgid ERRNO(72 multihop attempted) syscalls[1] false"] = true
			want["getppid ERRNO(73 RFS specific error) syscalls[0] false"] = true
		}
		if fmt.Sprint(found) != fmt.Sprint(want) || report.Mode != mode {
			t.Errorf("observed %v: mode %q, calls %v, want %v", observed, report.Mode, found, want)
		}
	}
}

// An observed container's report says that the floor has decided.
func TestFloorIsNamed(t *testing.T) {
	t.Parallel()
	id := newObservedID(t)
	handler, _ := floored(t, theFloor)
	c := holdWith(t, id, handler, []string{call("getpgid", 0)}, annotatedWith(observeAs+"denials"))
	c.kill(t)
	report := readReport(t, id)
	if len(report.Denials) != 1 || report.Denials[0].Rule != "the floor's syscalls[1]" {
		t.Errorf("got %+v", report.Denials)
	}
	if !strings.Contains(nodeLog.all(id), "the container runs under the floor") {
		t.Errorf("the log does not name the floor: %s", nodeLog.all(id))
	}
}
