package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
)

// rule is a profile with one rule for a call that no container needs.
func rule(fields string) string {
	return `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],` + fields + `}]}`
}

// A profile that cannot be enforced as written refuses the container, whether
// it stands in the OCI spec or in a file, and leaves nothing on the host.
func TestInvalidProfileIsRefused(t *testing.T) {
	t.Parallel()
	const fileOnly = true // what cannot be in an OCI spec at all
	long := strings.Repeat(`"getpgid",`, 1<<20/10)
	for _, row := range []struct {
		fact, profile string
		says          []string
		fileOnly      bool
	}{
		{"an empty object", `{}`, says("defaultAction", `""`), false},
		{"an empty default action", `{"defaultAction":""}`, says("defaultAction", `""`), false},
		{"an unknown default action", `{"defaultAction":"SCMP_ACT_DENY"}`, says("defaultAction", "SCMP_ACT_DENY"), false},
		{"a default errno above the kernel's", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, says("defaultErrnoRet", "4096"), false},
		{"a default errno that 16 bits make 0", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":65536}`, says("defaultErrnoRet", "65536"), false},
		{"an errno above the kernel's", rule(`"action":"SCMP_ACT_ERRNO","errnoRet":4096`), says("syscalls[0].errnoRet", "4096"), false},
		{"an errno that 16 bits make 0", rule(`"action":"SCMP_ACT_ERRNO","errnoRet":65536`), says("syscalls[0].errnoRet", "65536"), false},
		{"an unknown action", rule(`"action":"SCMP_ACT_DENY"`), says("syscalls[0].action", "SCMP_ACT_DENY"), false},
		{"an unknown operator", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_IS"}]`), says("syscalls[0].args[0].op", "SCMP_CMP_IS"), false},
		{"a seventh argument", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]`), says("syscalls[0].args[0].index", "6"), false},
		{"an unknown architecture", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_Z80"]}`, says("architectures[0]", "SCMP_ARCH_Z80"), false},
		{"an unknown flag", `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_X"]}`, says("flags[0]", "SECCOMP_FILTER_FLAG_X"), false},
		{"an unknown call is denied", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}`, says("syscalls[0].names[0]", "no_such_call"), false},
		{"a notification without a listener", rule(`"action":"SCMP_ACT_NOTIFY"`), says("listenerPath", `""`), false},
		{"more than 1 MiB", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[` + long + `"getpgid"],"action":"SCMP_ACT_ERRNO"}]}`, says("1048576"), false},
		{"half a JSON text", `{"defaultAction":`, says("byte 17"), fileOnly},
		{"no JSON text", `allow`, says("'a'"), fileOnly},
		{"a wrong JSON type", `{"defaultAction":5}`, says("defaultAction", "number"), fileOnly},
		{"a field that OCI does not know", `{"defaultAction":"SCMP_ACT_ALLOW","archMap":[]}`, says("archMap"), fileOnly},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			if !row.fileOnly {
				mustRefuse(t, row.says, under(profile(t, row.profile)))
			}
			id := newID(t)
			name := id + ".json"
			writeLocal(t, name, row.profile)
			mustRefuse(t, append(row.says, ours+`"Localhost/`+name+`"`), annotatedWith(ours+"Localhost/"+name))
		})
	}
}

// A profile's name that is none, or leads out of the profile root, refuses the
// container.
func TestInvalidNameIsRefused(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	outside := filepath.Join(t.TempDir(), "outside.json")
	if err := os.WriteFile(outside, []byte(`{"defaultAction":"SCMP_ACT_ALLOW"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	writeLocal(t, "inside.json", `{"defaultAction":"SCMP_ACT_ALLOW"}`)
	for name, target := range map[string]string{"link-out.json": outside, "link-up": ".."} {
		link := filepath.Join(profileRoot, name)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Remove(link) })
	}
	up := "../" + filepath.Base(profileRoot) + "/inside.json" // leads back, but by way of the outside
	for _, row := range []struct {
		fact        string
		annotations []string
		says        []string
	}{
		{"a path up", []string{ours + "Localhost/../x"}, says(ours, `"Localhost/../x"`)},
		{"a path up and back", []string{ours + "Localhost/" + up}, says(ours, up)},
		{"an absolute path", []string{ours + "Localhost//etc/passwd"}, says(ours, `"Localhost//etc/passwd"`)},
		{"a link that leaves the root", []string{ours + "Localhost/link-out.json"}, says(ours, "link-out.json", "escapes")},
		{"a folder's link that leaves the root", []string{ours + "Localhost/link-up/options.toml"}, says(ours, "link-up/options.toml", "escapes")},
		{"a missing file", []string{ours + "Localhost/missing.json"}, says(ours, filepath.Join(profileRoot, "missing.json"), "no such file")},
		{"a folder", []string{ours + "Localhost/."}, says(ours, "not a regular file")},
		{"an empty name", []string{ours}, says(ours, `""`)},
		{"an unknown name", []string{ours + "Default"}, says(ours, `"Default"`)},
		{"a name of the old annotations", []string{ours + "runtime/default"}, says(ours, `"runtime/default"`)},
		{"an unknown name for the container", []string{containerName, ofContainer + "RuntimeDefault"}, says(ofContainer, `"RuntimeDefault"`)},
		{"an unknown name for the pod", []string{ofPod + "default"}, says(ofPod, `"default"`)},
		{"a path up for the pod", []string{ofPod + "localhost/../x"}, says(ofPod, `"localhost/../x"`)},
		{"an unknown name that would lose", []string{ours + "RuntimeDefault", ofPod + "default"}, says(ofPod, `"default"`)},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			mustRefuse(t, row.says, annotatedWith(row.annotations...))
		})
	}
}

// An operator's mistake in the handler's options refuses every container.
func TestInvalidOptionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact, toml string
		says       []string
		byStart    bool // refused before there is a shim: containerd knows no class
	}{
		{"an unknown key", `profil_root = "/x"`, says(`unknown option "profil_root"`), true},
		{"an unknown key in a table", "[options]\nprofile_root = \"/x\"", says(`unknown option "options`), true},
		{"a wrong type", `SystemdCgroup = "yes"`, says("SystemdCgroup", "string"), true},
		{"a wrong type of a path", `profile_root = 5`, says("profile_root", "integer"), true},
		{"a relative root", `profile_root = "profiles"`, says("option profile_root", `"profiles"`), true},
		{"an unknown profile", `unset_profile = "Default"`, says("option unset_profile", `"Default"`), false},
		{"a runc binary", `BinaryName = "/usr/bin/runc"`, says("option BinaryName", `"/usr/bin/runc"`), true},
		{"a cgroup for the shim that is not there", `ShimCgroup = "/not/there"`, says("option ShimCgroup", `"/not/there"`), true},
		{"no TOML", `profile_root`, says("line 1"), true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			c := newContainerWith(t, id, &runtimeoptions.Options{ConfigBody: []byte(row.toml)}, calls("hold"))
			mustFail(t, id, c, row.says, !row.byStart)
		})
	}
}

// The person at ctr reads what is wrong.
func TestRefusalIsShownByCtr(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	empty := filepath.Join(t.TempDir(), "empty.json")
	if err := os.WriteFile(empty, []byte(`{}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		fact  string
		flags []string
		says  []string
	}{
		{"an empty profile", []string{"--seccomp", "--seccomp-profile", empty}, says("linux.seccomp", "defaultAction", `""`)},
		{"an unknown name", annotated(ours + "none"), says(ours, `"none"`)},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			got := ctr(t, runArgs(id, append([]string{"--rm"}, row.flags...), calls("hold"))...)
			if got.ExitCode == 0 || got.Stdout != "" {
				t.Errorf("got %+v", got)
			}
			mustSay(t, got.Stderr, row.says)
		})
	}
}

// To allow what no kernel knows harms nobody.
func TestUnknownCallMayBeAllowed(t *testing.T) {
	t.Parallel()
	p := allowing(profile(t, `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["no_such_call","getpgid"],"action":"SCMP_ACT_ALLOW"}]}`))
	got := execute(t, calls("status", call("getpgid", 0), call("getsid", 0)), under(p))
	mustAnswer(t, "init", got.stdout, map[string]string{"Seccomp": "2", call("getpgid", 0): "ok", call("getsid", 0): "EPERM"})
}

func says(parts ...string) []string { return parts }

// mustRefuse tries to create a container.
func mustRefuse(t *testing.T, says []string, opts ...oci.SpecOpts) {
	t.Helper()
	id := newID(t)
	mustFail(t, id, newContainer(t, id, calls("hold"), opts...), says, true)
}

// mustFail tries to create a container's task. It has to be refused soon, by an
// error that says why and, if classed, is an InvalidArgument, without a trace.
func mustFail(t *testing.T, id string, c containerd.Container, says []string, classed bool) {
	t.Helper()
	started := time.Now()
	task, err := c.NewTask(bounded(t), toStreams(nil, nil, nil))
	took := time.Since(started)
	if err == nil {
		t.Fatalf("created, with pid %d", task.Pid())
	}
	mustSay(t, err.Error(), says)
	if classed && !errdefs.IsInvalidArgument(err) {
		t.Errorf("the error's class is %v, not InvalidArgument", errdefs.Resolve(err))
	}
	if took > refusalTime {
		t.Errorf("refused after %v", took)
	}
	if left := node.AwaitGone(id); len(left) > 0 {
		t.Errorf("left on the host:\n  %s", strings.Join(left, "\n  "))
	}
}

func mustSay(t *testing.T, text string, says []string) {
	t.Helper()
	if len(text) > 2000 {
		t.Errorf("a text of %d bytes: %.200s…", len(text), text)
	}
	for _, part := range says {
		// An annotation is written KEY=VALUE, and told as KEY: "VALUE".
		if part = strings.ReplaceAll(part, `="`, `: "`); !strings.Contains(text, strings.TrimSuffix(part, "=")) {
			t.Errorf("%.2000q does not say %q", text, part)
		}
	}
}

// annotatedWith gives a container annotations, written KEY=VALUE.
func annotatedWith(annotations ...string) oci.SpecOpts {
	pairs := map[string]string{}
	for _, a := range annotations {
		key, value, _ := strings.Cut(a, "=")
		pairs[key] = value
	}
	return oci.WithAnnotations(pairs)
}
