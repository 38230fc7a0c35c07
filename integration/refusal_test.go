package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"google.golang.org/protobuf/types/known/anypb"
)

// rule returns a profile with one rule about a call that no container needs.
func rule(fields string) string {
	return `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],` + fields + `}]}`
}

// A profile that cannot be enforced as written refuses the container and leaves nothing
// on the host, both as part of the OCI spec and as a file.
func TestInvalidProfileIsRefused(t *testing.T) {
	t.Parallel()
	const fileOnly = true // a mistake that an OCI spec cannot have
	long := strings.Repeat(`"getpgid",`, 1<<20/10)
	for _, row := range []struct {
		fact, profile string
		says          []string
		fileOnly      bool
	}{
		{"an empty object", `{}`, []string{"defaultAction", `""`}, false},
		{"an empty default action", `{"defaultAction":""}`, []string{"defaultAction", `""`}, false},
		{"an unknown default action", `{"defaultAction":"SCMP_ACT_DENY"}`, []string{"defaultAction", "SCMP_ACT_DENY"}, false},
		{"a default errno above the kernel's", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":4096}`, []string{"defaultErrnoRet", "4096"}, false},
		{"a default errno that 16 bits make 0", `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":65536}`, []string{"defaultErrnoRet", "65536"}, false},
		{"an errno above the kernel's", rule(`"action":"SCMP_ACT_ERRNO","errnoRet":4096`), []string{"syscalls[0].errnoRet", "4096"}, false},
		{"an errno that 16 bits make 0", rule(`"action":"SCMP_ACT_ERRNO","errnoRet":65536`), []string{"syscalls[0].errnoRet", "65536"}, false},
		{"an unknown action", rule(`"action":"SCMP_ACT_DENY"`), []string{"syscalls[0].action", "SCMP_ACT_DENY"}, false},
		{"an unknown operator", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_IS"}]`), []string{"syscalls[0].args[0].op", "SCMP_CMP_IS"}, false},
		{"a seventh argument", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]`), []string{"syscalls[0].args[0].index", "6"}, false},
		{"an unknown architecture", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_Z80"]}`, []string{"architectures[0]", "SCMP_ARCH_Z80"}, false},
		{"an unknown flag", `{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_X"]}`, []string{"flags[0]", "SECCOMP_FILTER_FLAG_X"}, false},
		{"an unknown call is denied", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}`, []string{"syscalls[0].names[0]", "no_such_call"}, false},
		{"a notification without a listener", rule(`"action":"SCMP_ACT_NOTIFY"`), []string{"listenerPath", `""`}, false},
		{"more than 1 MiB", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[` + long + `"getpgid"],"action":"SCMP_ACT_ERRNO"}]}`, []string{"1048576"}, false},
		{"half a JSON text", `{"defaultAction":`, []string{"byte 17"}, fileOnly},
		{"no JSON text", `allow`, []string{"'a'"}, fileOnly},
		{"a wrong JSON type", `{"defaultAction":5}`, []string{"defaultAction", "number"}, fileOnly},
		{"a byte order mark", "\ufeff" + `{"defaultAction":"SCMP_ACT_ALLOW"}`, []string{"byte order mark", "save it as UTF-8"}, fileOnly},
		{"UTF-16", "\xff\xfe{\x00}\x00", []string{"UTF-16", "save it as UTF-8"}, fileOnly},
		{"YAML", "defaultAction: SCMP_ACT_ALLOW\n", []string{"the text is YAML", "convert it to JSON"}, fileOnly},
		{"a path", "/etc/seccomp/profile.json\n", []string{`"/etc/seccomp/profile.json" is a path`}, fileOnly},
		{"a whole spec", `{"ociVersion":"1.2.0","linux":{"seccomp":{}}}`, []string{"only the object at linux.seccomp"}, fileOnly},
		{"Docker's form of a rule, twice", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"getpgid","names":["getsid"],"action":"SCMP_ACT_ERRNO"}]}`, []string{"syscalls[0].name", "must not be set beside names"}, fileOnly},
		{"a condition of Docker's that can never hold", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getsid"],"action":"SCMP_ACT_ERRNO","includes":{"caps":["SYS_ADMIN"]}}]}`,
			[]string{"syscalls[0].includes.caps[0]", "is not the name of a capability"}, fileOnly},
		{"a hexadecimal value", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":"0x10","op":"SCMP_CMP_EQ"}]`), []string{`syscalls[0].args[0].value: "0x10"`, "write 16"}, fileOnly},
		{"a condition without an index", rule(`"action":"SCMP_ACT_ERRNO","args":[{"value":1,"op":"SCMP_CMP_EQ"}]`), []string{"syscalls[0].args[0].index: must be set"}, fileOnly},
		{"a condition without a value", rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":0,"op":"SCMP_CMP_EQ"}]`), []string{"syscalls[0].args[0].value: must be set"}, fileOnly},
		{"an action with its number", rule(`"action":"SCMP_ACT_ERRNO(13)"`), []string{"syscalls[0].action", "SCMP_ACT_ERRNO(13)", "errnoRet"}, false},
		{"Go's name for an architecture", `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_ARM64"]}`, []string{"architectures[0]", "SCMP_ARCH_ARM64", `did you mean "SCMP_ARCH_AARCH64"?`}, false},
		{"a field that nobody knows", `{"defaultAction":"SCMP_ACT_ALLOW","arkMap":[]}`, []string{`unknown field "arkMap"`}, fileOnly},
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

// A client may send an OCI spec as text. An absent number, which encoding/json reads as
// 0, is refused there too.
func TestAbsentNumberInSpecIsRefused(t *testing.T) {
	t.Parallel()
	for field, written := range map[string]string{"index": `"index":7777777,`, "value": `"value":7777777,`} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			p := profile(t, rule(`"action":"SCMP_ACT_ERRNO","args":[{"index":7777777,"value":7777777,"op":"SCMP_CMP_EQ"}]`))
			id := newID(t)
			c := newContainer(t, id, calls("hold"), under(p))
			err := c.Update(bounded(t), func(_ context.Context, _ *containerd.Client, c *containers.Container) error {
				text := strings.Replace(string(c.Spec.GetValue()), written, "", 1)
				if text == string(c.Spec.GetValue()) {
					t.Errorf("no %s in the spec", written)
				}
				c.Spec = &anypb.Any{TypeUrl: c.Spec.GetTypeUrl(), Value: []byte(text)}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			mustFail(t, id, c, []string{"config.json: linux.seccomp", "syscalls[0].args[0]." + field + ": must be set"}, true)
		})
	}
}

// The handler's unset_profile names files as annotations do.
func TestInvalidUnsetProfileIsRefused(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	id := newID(t)
	name := id + ".json"
	writeLocal(t, name, "defaultAction: SCMP_ACT_ALLOW\n")
	body := fmt.Appendf(nil, "profile_root = %q\nunset_profile = \"Localhost/%s\"\n", profileRoot, name)
	c := newContainerWith(t, id, &runtimeoptions.Options{ConfigBody: body}, calls("hold"))
	mustFail(t, id, c, []string{"option unset_profile", name, "the text is YAML"}, true)
}

// An unknown name of a profile, or one that leads out of the profile root, refuses the
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
	up := "../" + filepath.Base(profileRoot) + "/inside.json" // it leads back to the root, but from outside
	for _, row := range []struct {
		fact        string
		annotations []string
		says        []string
	}{
		{"a path up", []string{ours + "Localhost/../x"}, []string{ours, `"Localhost/../x"`}},
		{"a path up and back", []string{ours + "Localhost/" + up}, []string{ours, up}},
		{"an absolute path", []string{ours + "Localhost//etc/passwd"}, []string{ours, `"Localhost//etc/passwd"`}},
		{"a link that leaves the root", []string{ours + "Localhost/link-out.json"}, []string{ours, `symbolic link "link-out.json" to "` + outside + `" escapes`, "profile_root"}},
		{"a folder's link that leaves the root", []string{ours + "Localhost/link-up/options.toml"}, []string{ours, "link-up/options.toml", `symbolic link "link-up" to ".." escapes`}},
		{"a missing file", []string{ours + "Localhost/missing.json"}, []string{ours, filepath.Join(profileRoot, "missing.json"), "no such file"}},
		{"a folder", []string{ours + "Localhost/."}, []string{ours, "not a regular file"}},
		{"an empty name", []string{ours}, []string{ours, `""`}},
		{"an unknown name", []string{ours + "Default"}, []string{ours, `"Default"`}},
		{"a name of the old annotations", []string{ours + "runtime/default"}, []string{ours, `"runtime/default"`}},
		{"an unknown name for the container", []string{containerName, ofContainer + "RuntimeDefault"}, []string{ofContainer, `"RuntimeDefault"`}},
		{"an unknown name for the pod", []string{ofPod + "default"}, []string{ofPod, `"default"`}},
		{"a path up for the pod", []string{ofPod + "localhost/../x"}, []string{ofPod, `"localhost/../x"`}},
		{"small letters", []string{ours + "runtimedefault"}, []string{ours, `"runtimedefault"`, "must be RuntimeDefault, Unconfined or Localhost/<path>", `did you mean "RuntimeDefault"?`}},
		{"a name of the old annotations, with a path", []string{ours + "localhost/x"}, []string{ours, `"localhost/x"`, `did you mean "Localhost/x"?`}},
		{"a bare path", []string{ours + "inside.json"}, []string{ours, `"inside.json"`, `did you mean "Localhost/inside.json"?`}},
		{"a bare path from the root", []string{ours + filepath.Join(profileRoot, "inside.json")}, []string{ours, `did you mean "Localhost/inside.json"?`}},
		{"our key in capitals", []string{"io.containerd.seccomp.v1/Profile=RuntimeDefault"}, []string{`"io.containerd.seccomp.v1/Profile": "RuntimeDefault"`, `did you mean "io.containerd.seccomp.v1/profile"?`}},
		{"our key with a dot", []string{"io.containerd.seccomp.v1.profile=RuntimeDefault"}, []string{`"io.containerd.seccomp.v1.profile"`, `did you mean "io.containerd.seccomp.v1/profile"?`}},
		{"a key of ours that is unknown, beside a right one", []string{ours + "RuntimeDefault", "io.containerd.seccomp.v1/mode=log"}, []string{`"io.containerd.seccomp.v1/mode"`}},
		{"the pod's key in capitals", []string{"seccomp.security.alpha.kubernetes.io/Pod=runtime/default"}, []string{`"seccomp.security.alpha.kubernetes.io/Pod"`, `did you mean "seccomp.security.alpha.kubernetes.io/pod"?`}},
		{"what cannot be a container's name", []string{containerName, "container.seccomp.security.alpha.kubernetes.io/Web=runtime/default"}, []string{`"Web" cannot be the name`}},
		{"an unknown name that would lose", []string{ours + "RuntimeDefault", ofPod + "default"}, []string{ofPod, `"default"`}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			mustRefuse(t, row.says, annotatedWith(row.annotations...))
		})
	}
}

// A mistake in the handler's options refuses every container.
func TestInvalidOptionsAreRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact, toml string
		says       []string
		byStart    bool // refused before there is a shim, so the error has no class
	}{
		{"an unknown key", `profil_root = "/x"`, []string{`unknown option "profil_root"; did you mean "profile_root"?`}, true},
		{"an unknown key in a table", "[options]\nprofile_root = \"/x\"", []string{`unknown option "options`}, true},
		{"a wrong type", `SystemdCgroup = "yes"`, []string{`option "SystemdCgroup": the string "yes": must be true or false`}, true},
		{"a wrong type of a path", `profile_root = 5`, []string{`option "profile_root": the integer 5: must be text in quotes`}, true},
		{"a cgroup of no slice", `SystemdCgroup = true`, []string{"linux.cgroupsPath", "must be slice:prefix:name", "the option SystemdCgroup is on"}, false},
		{"a relative root", `profile_root = "profiles"`, []string{"option profile_root", `"profiles"`}, true},
		{"an unknown profile", `unset_profile = "Default"`, []string{"option unset_profile", `"Default"`}, false},
		{"a runc binary", `BinaryName = "/usr/bin/runc"`, []string{"option BinaryName", `"/usr/bin/runc"`}, true},
		{"a cgroup for the shim that is not there", `ShimCgroup = "/not/there"`, []string{"option ShimCgroup", `"/not/there"`}, true},
		{"no TOML", `profile_root`, []string{"line 1"}, true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			c := newContainerWith(t, id, &runtimeoptions.Options{ConfigBody: []byte(row.toml)}, calls("hold"))
			mustFail(t, id, c, row.says, !row.byStart)
		})
	}
}

// ctr shows the error to the person who uses it.
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
		{"an empty profile", []string{"--seccomp", "--seccomp-profile", empty}, []string{"linux.seccomp", "defaultAction", `""`}},
		{"an unknown name", annotated(ours + "none"), []string{ours, `"none"`, "RuntimeDefault, Unconfined or Localhost/<path>"}},
		{"an unknown key", annotated("io.containerd.seccomp.v1/Profile=RuntimeDefault"), []string{`did you mean "io.containerd.seccomp.v1/profile"?`}},
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

// A rule may allow a call that no kernel has, because that changes nothing.
func TestUnknownCallMayBeAllowed(t *testing.T) {
	t.Parallel()
	p := allowing(profile(t, `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["no_such_call","getpgid"],"action":"SCMP_ACT_ALLOW"}]}`))
	got := execute(t, calls("status", call("getpgid", 0), call("getsid", 0)), under(p))
	mustAnswer(t, "init", got.stdout, map[string]string{"Seccomp": "2", call("getpgid", 0): "ok", call("getsid", 0): "EPERM"})
}

// mustRefuse tries to create a container, which must be refused.
func mustRefuse(t *testing.T, says []string, opts ...oci.SpecOpts) {
	t.Helper()
	id := newID(t)
	mustFail(t, id, newContainer(t, id, calls("hold"), opts...), says, true)
}

// mustFail tries to create a container's task. It must be refused soon and leave
// nothing. The error must have all texts of says and, if classed, be an
// InvalidArgument.
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
		// An annotation is written KEY=VALUE; errors show KEY: "VALUE".
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
