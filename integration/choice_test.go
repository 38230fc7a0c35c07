package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/pelletier/go-toml/v2"
)

// The results of a call that every kernel allows, by the profile in force.
const (
	byNone    = "ok"        // no profile
	byDefault = "EPERM"     // RuntimeDefault
	byInline  = "EPROTO"    // the profile in the OCI spec
	byLocal   = "EMULTIHOP" // local.json under the profile root
	byDeep    = "ETIME"     // folder/deep.json there
)

// The annotations as users write them.
const (
	ours          = "io.containerd.seccomp.v1/profile="
	ofPod         = "seccomp.security.alpha.kubernetes.io/pod="
	ofContainer   = "container.seccomp.security.alpha.kubernetes.io/web="
	ofAnother     = "container.seccomp.security.alpha.kubernetes.io/db="
	containerName = "io.kubernetes.cri.container-name=web"
)

// Each cell of the table of package resolve, and the order of those that are present
// together.
func TestWhichProfileApplies(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	inline := []string{"--seccomp", "--seccomp-profile", choiceProfiles(t)}
	for _, row := range []struct {
		fact  string
		flags []string
		want  string
	}{
		{"none of these", nil, byNone},
		{"linux.seccomp, ctr's default", []string{"--seccomp"}, byDefault},
		{"linux.seccomp, from a file", inline, byInline},

		{"ours: RuntimeDefault", annotated(ours + "RuntimeDefault"), byDefault},
		{"ours: Unconfined", annotated(ours + "Unconfined"), byNone},
		{"ours: Localhost", annotated(ours + "Localhost/local.json"), byLocal},
		{"ours: Localhost in a folder", annotated(ours + "Localhost/folder/deep.json"), byDeep},

		{"ours: Localhost in Docker's format", annotated(ours + "Localhost/docker.json"), byLocal},

		{"the container's: runtime/default", annotated(containerName, ofContainer+"runtime/default"), byDefault},
		{"the container's: docker/default", annotated(containerName, ofContainer+"docker/default"), byDefault},
		{"the container's: unconfined", annotated(containerName, ofContainer+"unconfined"), byNone},
		{"the container's: localhost", annotated(containerName, ofContainer+"localhost/local.json"), byLocal},
		{"another container's says nothing", annotated(containerName, ofAnother+"runtime/default"), byNone},
		{"a container without a name has none", annotated(ofContainer + "runtime/default"), byNone},

		{"the pod's: runtime/default", annotated(ofPod + "runtime/default"), byDefault},
		{"the pod's: docker/default", annotated(ofPod + "docker/default"), byDefault},
		{"the pod's: unconfined", annotated(ofPod + "unconfined"), byNone},
		{"the pod's: localhost", annotated(ofPod + "localhost/local.json"), byLocal},

		{"unset_profile: RuntimeDefault", unset(t, "RuntimeDefault"), byDefault},
		{"unset_profile: Unconfined", unset(t, "Unconfined"), byNone},
		{"unset_profile: Localhost", unset(t, "Localhost/local.json"), byLocal},

		{"linux.seccomp beats ours", append(annotated(ours+"Localhost/local.json"), inline...), byInline},
		{"linux.seccomp is not weakened by ours", append(annotated(ours+"Unconfined"), inline...), byInline},
		{"linux.seccomp beats the container's", append(annotated(containerName, ofContainer+"unconfined"), inline...), byInline},
		{"linux.seccomp beats the pod's", append(annotated(ofPod+"unconfined"), inline...), byInline},
		{"linux.seccomp beats unset_profile", append(unset(t, "Localhost/local.json"), inline...), byInline},
		{"ours beats the container's", annotated(ours+"Localhost/local.json", containerName, ofContainer+"runtime/default"), byLocal},
		{"ours beats the pod's", annotated(ours+"Unconfined", ofPod+"runtime/default"), byNone},
		{"ours beats unset_profile", append(unset(t, "RuntimeDefault"), annotated(ours+"Localhost/local.json")...), byLocal},
		{"the container's beats the pod's", annotated(containerName, ofContainer+"localhost/local.json", ofPod+"runtime/default"), byLocal},
		{"the container's beats unset_profile", append(unset(t, "RuntimeDefault"), annotated(containerName, ofContainer+"unconfined")...), byNone},
		{"the pod's beats unset_profile", append(unset(t, "RuntimeDefault"), annotated(ofPod+"localhost/local.json")...), byLocal},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			mustRunUnder(t, row.flags, row.want)
		})
	}
}

// The Security Profiles Operator makes an absolute link below the kubelet's folder to
// its own. With its own folder as profile_root its profiles are found.
func TestOperatorsLayout(t *testing.T) {
	t.Parallel()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	storage, root := t.TempDir(), t.TempDir()
	text := `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["unshare"],"action":"SCMP_ACT_ERRNO","errnoRet":72}]}` // EMULTIHOP
	if err := os.WriteFile(filepath.Join(storage, "profile1.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(storage, filepath.Join(root, "operator")); err != nil {
		t.Fatal(err)
	}
	at := func(root string) *runtimeoptions.Options {
		return &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\n", root)}
	}
	id := newID(t)
	c := newContainerWith(t, id, at(root), calls("hold"), annotatedWith(ours+"Localhost/operator/profile1.json"))
	mustFail(t, id, c, []string{`symbolic link "operator" to "` + storage + `" escapes from the profile root`, "profile_root"}, true)

	path := filepath.Join(t.TempDir(), "options.toml")
	if err := os.WriteFile(path, at(storage).ConfigBody, 0o644); err != nil {
		t.Fatal(err)
	}
	mustRunUnder(t, append(annotated(ours+"Localhost/profile1.json"), "--runtime-config-path", path), byLocal)
}

// mustRunUnder runs a container and an exec in it, and checks the results of their
// calls and the filters that the kernel has for them.
func mustRunUnder(t *testing.T, flags []string, want string) {
	t.Helper()
	probe := call("unshare", 0)
	wanted := map[string]string{probe: want, "Seccomp": "2"}
	if want == byNone {
		wanted["Seccomp"] = "0"
	}
	id, log := newID(t), filepath.Join(t.TempDir(), "log")
	args := append([]string{"-d", "--log-uri", "file://" + log, "--runtime-config-path", options}, flags...)
	mustCtr(t, runArgs(id, args, calls("status", probe, "hold"))...)

	c := adopt(t, id)
	mustAnswer(t, "an exec", c.exec(t, calls("status", probe)).stdout, wanted)
	var text []byte
	eventually(t, "init has said everything", func() bool {
		text, _ = os.ReadFile(log) // the log may be written later
		return answers(string(text))["hold"] != ""
	})
	mustAnswer(t, "init", string(text), wanted)
	mustChooseAlike(t, c, args, want != byNone)
}

// mustChooseAlike checks that seccompctl, given the container's spec and the options of
// its handler, chooses the profile that the shim has chosen.
func mustChooseAlike(t *testing.T, c *container, args []string, confined bool) {
	t.Helper()
	out, err := compileByTool(t, c, handlerFlags(t, args)...)
	if !confined {
		if err == nil || !strings.Contains(err.Error(), "the container is unconfined") {
			t.Errorf("seccompctl: %v, want the container to be unconfined", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := installed(t, c.task.Pid()); string(got.Bytes()) != string(out) {
		t.Errorf("the container runs under another program than the one of seccompctl: %d bytes, not %d", len(got.Bytes()), len(out))
	}
}

// handlerFlags returns the handler's options, of the file that counts in ctr's
// arguments, as seccompctl's flags.
func handlerFlags(t *testing.T, args []string) []string {
	t.Helper()
	var file string
	for i, arg := range args {
		if arg == "--runtime-config-path" {
			file = args[i+1] // the last one counts
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var handler struct {
		ProfileRoot  string `toml:"profile_root"`
		UnsetProfile string `toml:"unset_profile"`
	}
	if err := toml.Unmarshal(text, &handler); err != nil {
		t.Fatal(err)
	}
	return []string{"--profile-root", handler.ProfileRoot, "--unset-profile", handler.UnsetProfile}
}

// choiceProfiles writes the Localhost profiles, and returns the path of a profile for
// linux.seccomp.
func choiceProfiles(t *testing.T) (inline string) {
	t.Helper()
	const answering = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["unshare"],"action":"SCMP_ACT_ERRNO","errnoRet":%d}]}`
	writeLocal(t, "local.json", fmt.Sprintf(answering, 72))
	writeLocal(t, "folder/deep.json", fmt.Sprintf(answering, 62))
	writeLocal(t, "docker.json", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"name":"unshare","action":"SCMP_ACT_ERRNO","errnoRet":72,"includes":{"caps":["CAP_CHOWN"],"minKernel":"3.17"}},
		{"name":"unshare","action":"SCMP_ACT_KILL_PROCESS","excludes":{"caps":["CAP_CHOWN"]}}]}`)
	inline = filepath.Join(t.TempDir(), "inline.json")
	if err := os.WriteFile(inline, fmt.Appendf(nil, answering, 71), 0o644); err != nil {
		t.Fatal(err)
	}
	return inline
}

// writeLocal writes a file below the profile root.
func writeLocal(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(profileRoot, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func annotated(annotations ...string) []string {
	var flags []string
	for _, a := range annotations {
		flags = append(flags, "--annotation", a)
	}
	return flags
}

// unset returns ctr's flags for a handler with the option unset_profile.
func unset(t *testing.T, value string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "options.toml")
	if err := os.WriteFile(path, fmt.Appendf(nil, "profile_root = %q\nunset_profile = %q\n", profileRoot, value), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{"--runtime-config-path", path} // ctr takes the last of two
}

// adopt returns a container that ctr has made, so that the test can add processes.
func adopt(t *testing.T, id string) *container {
	t.Helper()
	c, err := client.LoadContainer(bounded(t), id)
	if err != nil {
		t.Fatal(err)
	}
	task, err := c.Task(bounded(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &container{Container: c, task: task}
}
