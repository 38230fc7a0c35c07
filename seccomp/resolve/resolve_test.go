package resolve

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake/mistaketest"
	"seccomp-shim/seccomp"
)

// The annotations as users write them, for a container named web.
const (
	ours         = "io.containerd.seccomp.v1/profile"
	podNote      = "seccomp.security.alpha.kubernetes.io/pod"
	webNote      = "container.seccomp.security.alpha.kubernetes.io/web"
	dbNote       = "container.seccomp.security.alpha.kubernetes.io/db"
	namelessNote = "container.seccomp.security.alpha.kubernetes.io/"
	criName      = "io.kubernetes.cri.container-name"
	typeNote     = "io.kubernetes.cri.container-type"
	option       = "option unset_profile"
)

// refused is the source of rows for which resolve must return an error.
const refused Source = -1

func TestResolve(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	for _, row := range []struct {
		fact   string
		given  request
		source Source
		path   string
		says   []string // parts of Origin, or of the error
	}{
		{"nothing is given", request{}, Unconfined, "", []string{"nothing"}},
		{"unrelated annotations count as nothing", annotated("com.example/profile", "RuntimeDefault"), Unconfined, "", []string{"nothing"}},
		{"an empty option counts as nothing", unset("", annotated()), Unconfined, "", []string{"nothing"}},

		// The runtime's own annotation.
		{"ours says RuntimeDefault", annotated(ours, "RuntimeDefault"), RuntimeDefault, "", []string{"annotation", ours, "RuntimeDefault"}},
		{"ours says Unconfined", annotated(ours, "Unconfined"), Unconfined, "", []string{"annotation", ours, "Unconfined"}},
		{"ours says Localhost", annotated(ours, "Localhost/a.json"), Localhost, "a.json", []string{"annotation", ours, "Localhost/a.json"}},
		{"ours says Localhost in a folder", annotated(ours, "Localhost/profiles/a.json"), Localhost, "profiles/a.json", []string{ours}},
		{"ours names a file with dots", annotated(ours, "Localhost/..a..json"), Localhost, "..a..json", []string{ours}},
		{"ours goes up but stays inside", annotated(ours, "Localhost/x/../a.json"), Localhost, "x/../a.json", []string{ours}},
		{"ours counts without a container name", request{Annotations: map[string]string{ours: "RuntimeDefault"}}, RuntimeDefault, "", []string{ours}},

		// Kubernetes' old annotation for one container.
		{"the container's says runtime/default", annotated(webNote, "runtime/default"), RuntimeDefault, "", []string{"annotation", webNote, "runtime/default"}},
		{"the container's says docker/default", annotated(webNote, "docker/default"), RuntimeDefault, "", []string{"annotation", webNote, "docker/default"}},
		{"the container's says unconfined", annotated(webNote, "unconfined"), Unconfined, "", []string{"annotation", webNote, "unconfined"}},
		{"the container's says localhost", annotated(webNote, "localhost/a/b.json"), Localhost, "a/b.json", []string{"annotation", webNote, "localhost/a/b.json"}},
		{"another container's does not count", annotated(dbNote, "runtime/default"), Unconfined, "", []string{"nothing"}},
		{"another container's may be misspelt", annotated(dbNote, "nonsense"), Unconfined, "", []string{"nothing"}},
		{"another container's does not hide the pod's", annotated(dbNote, "unconfined", podNote, "runtime/default"), RuntimeDefault, "", []string{podNote}},
		{"no container name, no container's annotation", request{Annotations: map[string]string{webNote: "runtime/default"}}, Unconfined, "", []string{"nothing"}},

		// Kubernetes' old annotation for the pod.
		{"the pod's says runtime/default", annotated(podNote, "runtime/default"), RuntimeDefault, "", []string{"annotation", podNote, "runtime/default"}},
		{"the pod's says docker/default", annotated(podNote, "docker/default"), RuntimeDefault, "", []string{"annotation", podNote, "docker/default"}},
		{"the pod's says unconfined", annotated(podNote, "unconfined"), Unconfined, "", []string{"annotation", podNote, "unconfined"}},
		{"the pod's says localhost", annotated(podNote, "localhost/a.json"), Localhost, "a.json", []string{"annotation", podNote, "localhost/a.json"}},
		{"the pod's counts without a container name", request{Annotations: map[string]string{podNote: "runtime/default"}}, RuntimeDefault, "", []string{podNote}},

		// The handler's option.
		{"the option says RuntimeDefault", unset("RuntimeDefault", annotated()), RuntimeDefault, "", []string{option, "RuntimeDefault"}},
		{"the option says Unconfined", unset("Unconfined", annotated()), Unconfined, "", []string{option, "Unconfined"}},
		{"the option says Localhost", unset("Localhost/a.json", annotated()), Localhost, "a.json", []string{option, "Localhost/a.json"}},

		// The order: inline, our annotation, the container's, the pod's, the option.
		{"inline alone", inline(request{}), Inline, "", []string{"linux.seccomp"}},
		{"inline beats ours, Unconfined", inline(annotated(ours, "Unconfined")), Inline, "", []string{"linux.seccomp"}},
		{"inline beats ours, RuntimeDefault", inline(annotated(ours, "RuntimeDefault")), Inline, "", []string{"linux.seccomp"}},
		{"inline beats ours, Localhost", inline(annotated(ours, "Localhost/a.json")), Inline, "", []string{"linux.seccomp"}},
		{"inline beats the container's", inline(annotated(webNote, "unconfined")), Inline, "", []string{"linux.seccomp"}},
		{"inline beats the pod's", inline(annotated(podNote, "unconfined")), Inline, "", []string{"linux.seccomp"}},
		{"inline beats the option", inline(unset("Unconfined", annotated())), Inline, "", []string{"linux.seccomp"}},
		{"ours beats the container's", annotated(ours, "Localhost/a", webNote, "runtime/default"), Localhost, "a", []string{ours}},
		{"ours beats the pod's", annotated(ours, "Localhost/a", podNote, "runtime/default"), Localhost, "a", []string{ours}},
		{"ours beats the option", unset("RuntimeDefault", annotated(ours, "Localhost/a")), Localhost, "a", []string{ours}},
		{"ours beats the option, Unconfined", unset("RuntimeDefault", annotated(ours, "Unconfined")), Unconfined, "", []string{ours}},
		{"the container's beats the pod's", annotated(webNote, "localhost/a", podNote, "runtime/default"), Localhost, "a", []string{webNote}},
		{"the container's beats the option", unset("RuntimeDefault", annotated(webNote, "localhost/a")), Localhost, "a", []string{webNote}},
		{"the pod's beats the option", unset("RuntimeDefault", annotated(podNote, "localhost/a")), Localhost, "a", []string{podNote}},

		// A pod's sandbox runs no workload.
		{"a sandbox, ours says Localhost", annotated(typeNote, "sandbox", ours, "Localhost/a"), RuntimeDefault, "", []string{ours, "Localhost/a", "sandbox"}},
		{"a sandbox, the pod's says localhost", annotated(typeNote, "sandbox", podNote, "localhost/a"), RuntimeDefault, "", []string{podNote, "sandbox"}},
		{"a sandbox, the option says Localhost", unset("Localhost/a", annotated(typeNote, "sandbox")), RuntimeDefault, "", []string{option, "sandbox"}},
		{"a sandbox, the pod's says unconfined", annotated(typeNote, "sandbox", podNote, "unconfined"), Unconfined, "", []string{podNote}},
		{"a sandbox, inline", inline(annotated(typeNote, "sandbox", ours, "Localhost/a")), Inline, "", []string{"linux.seccomp"}},
		{"a sandbox, an escaping path", annotated(typeNote, "sandbox", ours, "Localhost/../a"), refused, "", []string{ours, `"Localhost/../a"`}},
		{"no sandbox", annotated(typeNote, "container", ours, "Localhost/a"), Localhost, "a", []string{ours}},

		// Unknown values.
		{"ours is empty", annotated(ours, ""), refused, "", []string{"annotation", ours, `""`}},
		{"ours is misspelt", annotated(ours, "runtimedefault"), refused, "", []string{"annotation", ours, `"runtimedefault"`}},
		{"ours has a space", annotated(ours, " RuntimeDefault"), refused, "", []string{ours, `" RuntimeDefault"`}},
		{"ours has a NUL", annotated(ours, "RuntimeDefault\x00"), refused, "", []string{ours, `"RuntimeDefault\x00"`}},
		{"ours is a NUL", annotated(ours, "\x00"), refused, "", []string{ours, `"\x00"`}},
		{"ours has a path after RuntimeDefault", annotated(ours, "RuntimeDefault/a"), refused, "", []string{ours, `"RuntimeDefault/a"`}},
		{"ours speaks the old language", annotated(ours, "runtime/default"), refused, "", []string{ours, `"runtime/default"`}},
		{"ours speaks the old language of files", annotated(ours, "localhost/x"), refused, "", []string{ours, `"localhost/x"`}},
		{"ours is a bare path", annotated(ours, "/etc/a.json"), refused, "", []string{ours, `"/etc/a.json"`}},
		{"ours is very long", annotated(ours, long), refused, "", []string{ours, `"xxxx`, "65536"}},
		{"the container's is empty", annotated(webNote, ""), refused, "", []string{"annotation", webNote, `""`}},
		{"the container's is misspelt", annotated(webNote, "runtime/defualt"), refused, "", []string{"annotation", webNote, `"runtime/defualt"`}},
		{"the container's speaks the new language", annotated(webNote, "RuntimeDefault"), refused, "", []string{webNote, `"RuntimeDefault"`}},
		{"the container's speaks the new language of files", annotated(webNote, "Localhost/a"), refused, "", []string{webNote, `"Localhost/a"`}},
		{"the pod's is empty", annotated(podNote, ""), refused, "", []string{"annotation", podNote, `""`}},
		{"the pod's is misspelt", annotated(podNote, "docker"), refused, "", []string{"annotation", podNote, `"docker"`}},
		{"the pod's speaks the new language", annotated(podNote, "Unconfined"), refused, "", []string{podNote, `"Unconfined"`}},
		{"the option is misspelt", unset("runtimedefault", annotated()), refused, "", []string{option, `"runtimedefault"`}},
		{"the option speaks the old language", unset("runtime/default", annotated()), refused, "", []string{option, `"runtime/default"`}},

		// The error for an unknown value lists the known values and names the nearest.
		{"ours is misspelt: all forms", annotated(ours, "x"), refused, "", []string{"must be RuntimeDefault, Unconfined or Localhost/<path>"}},
		{"the container's is misspelt: all forms", annotated(webNote, "x"), refused, "", []string{"must be runtime/default, docker/default, unconfined or localhost/<path>"}},
		{"ours is empty: all forms", annotated(ours, ""), refused, "", []string{"must be RuntimeDefault, Unconfined or Localhost/<path>"}},
		{"small letters", annotated(ours, "runtimedefault"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"the old language", annotated(ours, "runtime/default"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"the old language, Docker's", annotated(ours, "docker/default"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"the old language, unconfined", annotated(ours, "unconfined"), refused, "", []string{`did you mean "Unconfined"?`}},
		{"the old language of files", annotated(ours, "localhost/x/y.json"), refused, "", []string{`did you mean "Localhost/x/y.json"?`}},
		{"loud letters", annotated(ours, "LOCALHOST/x.json"), refused, "", []string{`did you mean "Localhost/x.json"?`}},
		{"a part of the word", annotated(ours, "default"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"another separator", annotated(ours, "runtime-default"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"two letters differ", annotated(ours, "RuntimeDefualt"), refused, "", []string{`did you mean "RuntimeDefault"?`}},
		{"no path", annotated(ours, "Localhost"), refused, "", []string{`did you mean "Localhost/<path>"?`}},
		{"a file below the root", annotated(ours, "profiles/a.json"), refused, "", []string{`did you mean "Localhost/profiles/a.json"?`}},
		{"an absolute path below the root", annotated(ours, "/var/lib/kubelet/seccomp/profiles/a.json"), refused, "", []string{`did you mean "Localhost/profiles/a.json"?`}},
		{"an absolute path below another root", request{Annotations: map[string]string{ours: "/p/a.json"}, Options: Options{ProfileRoot: "/p"}}, refused, "", []string{`did you mean "Localhost/a.json"?`}},
		{"an absolute path elsewhere", annotated(ours, "/etc/a.json"), refused, "", []string{`start at the option profile_root, here "/var/lib/kubelet/seccomp"`}},
		{"the new language for the pod", annotated(podNote, "RuntimeDefault"), refused, "", []string{`did you mean "runtime/default"?`}},
		{"the new language of files for the container", annotated(webNote, "Localhost/a"), refused, "", []string{`did you mean "localhost/a"?`}},
		{"the option", unset("runtime/default", annotated()), refused, "", []string{option, "must be RuntimeDefault", `did you mean "RuntimeDefault"?`}},

		// Keys that are almost right, also of annotations that another one beats.
		{"ours in capitals", annotated("io.containerd.seccomp.v1/Profile", "RuntimeDefault"), refused, "",
			[]string{`annotation "io.containerd.seccomp.v1/Profile": "RuntimeDefault": is not known`, `did you mean "io.containerd.seccomp.v1/profile"?`}},
		{"ours in the plural", annotated("io.containerd.seccomp.v1/profiles", "x"), refused, "", []string{`"io.containerd.seccomp.v1/profiles"`, `"io.containerd.seccomp.v1/profile"?`}},
		{"our prefix and another word", annotated("io.containerd.seccomp.v1/mode", ""), refused, "", []string{`"io.containerd.seccomp.v1/mode": ""`}},
		{"our prefix alone", annotated("io.containerd.seccomp.v1/", "x"), refused, "", []string{`"io.containerd.seccomp.v1/"`}},
		{"our prefix in capitals", annotated("io.containerd.Seccomp.v1/profile", "x"), refused, "", []string{`"io.containerd.Seccomp.v1/profile"`}},
		{"a dot for the slash", annotated("io.containerd.seccomp.v1.profile", "x"), refused, "", []string{`"io.containerd.seccomp.v1.profile"`, `"io.containerd.seccomp.v1/profile"?`}},
		{"no version", annotated("io.containerd.seccomp/profile", "x"), refused, "", []string{`"io.containerd.seccomp/profile"`}},
		{"another version", annotated("io.containerd.seccomp.v2/profile", "x"), refused, "", []string{`"io.containerd.seccomp.v2/profile"`}},
		{"a swapped letter", annotated("io.contianerd.seccomp.v1/profile", "x"), refused, "", []string{`"io.contianerd.seccomp.v1/profile"`, `"io.containerd.seccomp.v1/profile"?`}},
		{"a long key with our prefix", annotated("io.containerd.seccomp.v1/"+long, "x"), refused, "", []string{`"io.containerd.seccomp.v1/xxx`}},
		{"the pod's in capitals", annotated("seccomp.security.alpha.kubernetes.io/Pod", "x"), refused, "", []string{`kubernetes.io/Pod"`, `did you mean "` + podNote + `"?`}},
		{"the pod's for another word", annotated("seccomp.security.alpha.kubernetes.io/defaultProfileName", "x"), refused, "", []string{`/defaultProfileName"`, podNote}},
		{"the pod's with a dot for the slash", annotated("seccomp.security.alpha.kubernetes.io.pod", "x"), refused, "", []string{`kubernetes.io.pod"`, podNote}},
		{"a container's in capitals", annotated("container.seccomp.security.alpha.kubernetes.io/Web", "x"), refused, "", []string{`kubernetes.io/Web"`, `"Web" cannot be the name of a pod's container`}},
		{"a container's without a name", request{Annotations: map[string]string{criName: "", namelessNote: "runtime/default"}}, refused, "", []string{namelessNote, `"" cannot be the name`}},
		{"a container's prefix in capitals", annotated("Container.seccomp.security.alpha.kubernetes.io/web", "x"), refused, "", []string{`"Container.seccomp`, "alpha.kubernetes.io/<container>"}},
		{"a wrong key under inline", inline(annotated("io.containerd.seccomp.v1/Profile", "x")), refused, "", []string{"/Profile"}},
		{"a wrong key in a sandbox", annotated(typeNote, "sandbox", "io.containerd.seccomp.v1/Profile", "x"), refused, "", []string{"/Profile"}},
		{"two wrong keys, always the first of them", annotated("io.containerd.seccomp.v1/b", "x", "io.containerd.seccomp.v1/a", "x"), refused, "", []string{"v1/a"}},

		// Annotations of other projects, and of a pod with several containers.
		{"annotations of others", annotated("io.containerd.runc.v2/profile", "x", "io.kubernetes.cri.sandbox-name", "x", "org.systemd.property.X", "x",
			"seccomp.example.com/profile", "x", "container.apparmor.security.beta.kubernetes.io/web", "x"), Unconfined, "", []string{"nothing"}},
		{"those for each of a pod's containers", annotated(webNote, "unconfined", dbNote, "runtime/default", "container.seccomp.security.alpha.kubernetes.io/web-1", "localhost/x",
			podNote, "runtime/default"), Unconfined, "", []string{webNote}},

		// Paths that do not lead down from the profile root.
		{"ours leads up", annotated(ours, "Localhost/../x"), refused, "", []string{ours, `"Localhost/../x"`}},
		{"ours leads up later", annotated(ours, "Localhost/a/../../x"), refused, "", []string{ours, `"Localhost/a/../../x"`}},
		{"ours is absolute", annotated(ours, "Localhost//etc"), refused, "", []string{ours, `"Localhost//etc"`}},
		{"ours has an empty path", annotated(ours, "Localhost/"), refused, "", []string{ours, `"Localhost/"`}},
		{"ours has no path", annotated(ours, "Localhost"), refused, "", []string{ours, `"Localhost"`}},
		{"the container's leads up", annotated(webNote, "localhost/../x"), refused, "", []string{webNote, `"localhost/../x"`}},
		{"the container's is absolute", annotated(webNote, "localhost//etc"), refused, "", []string{webNote, `"localhost//etc"`}},
		{"the container's has an empty path", annotated(webNote, "localhost/"), refused, "", []string{webNote, `"localhost/"`}},
		{"the pod's leads up", annotated(podNote, "localhost/../x"), refused, "", []string{podNote, `"localhost/../x"`}},
		{"the pod's has no path", annotated(podNote, "localhost"), refused, "", []string{podNote, `"localhost"`}},
		{"the option leads up", unset("Localhost/../x", annotated()), refused, "", []string{option, `"Localhost/../x"`}},
		{"the option has an empty path", unset("Localhost/", annotated()), refused, "", []string{option, `"Localhost/"`}},
		{"ours has a path with a NUL", annotated(ours, "Localhost/a\x00b"), refused, "", []string{ours, `"Localhost/a\x00b"`}},
		{"ours has a path longer than PATH_MAX", annotated(ours, "Localhost/"+long), refused, "", []string{ours, `"Localhost/xxx`, "65546"}},
		{"ours has a path with a line break", annotated(ours, "Localhost/a\nb"), Localhost, "a\nb", []string{ours, `Localhost/a\nb`}},

		// A value that another one beats must be known too.
		{"invalid ours under inline", inline(annotated(ours, "nonsense")), refused, "", []string{ours, `"nonsense"`}},
		{"invalid container's under inline", inline(annotated(webNote, "nonsense")), refused, "", []string{webNote, `"nonsense"`}},
		{"invalid pod's under inline", inline(annotated(podNote, "nonsense")), refused, "", []string{podNote, `"nonsense"`}},
		{"invalid option under inline", inline(unset("nonsense", annotated())), refused, "", []string{option, `"nonsense"`}},
		{"escaping path under inline", inline(annotated(ours, "Localhost/../x")), refused, "", []string{ours, `"Localhost/../x"`}},
		{"invalid container's under ours", annotated(ours, "RuntimeDefault", webNote, "nonsense"), refused, "", []string{webNote, `"nonsense"`}},
		{"invalid pod's under ours", annotated(ours, "RuntimeDefault", podNote, ""), refused, "", []string{podNote, `""`}},
		{"invalid option under ours", unset("nonsense", annotated(ours, "RuntimeDefault")), refused, "", []string{option, `"nonsense"`}},
		{"invalid pod's under the container's", annotated(webNote, "unconfined", podNote, "nonsense"), refused, "", []string{podNote, `"nonsense"`}},
		{"invalid option under the container's", unset("nonsense", annotated(webNote, "unconfined")), refused, "", []string{option, `"nonsense"`}},
		{"invalid option under the pod's", unset("nonsense", annotated(podNote, "unconfined")), refused, "", []string{option, `"nonsense"`}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			choice, err := resolve(row.given)
			said := choice.Origin
			switch {
			case row.source == refused && err == nil:
				t.Fatalf("chosen: %v %.80q, want an error", choice.Source, choice.Path)
			case row.source == refused:
				said = err.Error()
			case err != nil:
				t.Fatal(err)
			case choice.Source != row.source || choice.Path != row.path:
				t.Errorf("chosen: %v %q, want %v %q", choice.Source, choice.Path, row.source, row.path)
			}
			mistaketest.MustSay(t, said, row.says)
		})
	}
}

func annotated(pairs ...string) request {
	all := map[string]string{criName: "web"}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return request{Annotations: all}
}

func inline(r request) request {
	r.Inline = &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	return r
}

func unset(value string, r request) request {
	r.UnsetProfile = value
	return r
}

// The error for a file that has only a profile's name says so: package seccomp has all
// names.
func TestNamesAreNoProfiles(t *testing.T) {
	for _, n := range append(slices.Clone(names), alphaNames...) {
		_, err := seccomp.Parse([]byte(n.text))
		mistaketest.MustSay(t, fmt.Sprint(err), []string{n.text + `" is the name of a profile`})
	}
}
