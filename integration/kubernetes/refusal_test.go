package kubernetes

import (
	"fmt"
	"strings"
	"testing"
)

// A pod whose profile cannot be enforced as written does not run, and `kubectl
// describe` names the mistake. containerd reads the file that a field of the pod names,
// so it reports the mistakes that it understands.
func TestRefusals(t *testing.T) {
	prepareNode(t)
	for _, class := range []string{"misspelt", "rootless", "unconfigured"} {
		createRuntimeClass(t, class)
	}
	const read = `cannot load seccomp profile "/var/lib/kubelet/seccomp/profiles/`
	for _, row := range []struct {
		name string
		pod  pod
		want string // the wanted STATUS
		says []string
	}{
		{"missing profile by field", pod{field: "missing"}, "CreateContainerError",
			[]string{read + `missing.json": open`, "no such file or directory"}},
		{"missing profile by annotation", pod{annotation: "missing"}, "RunContainerError",
			[]string{read + `missing.json"`, "no such file or directory", "annotation io.containerd.seccomp.v1/profile"}},
		{"not JSON by field", pod{field: "not-json"}, "CreateContainerError",
			[]string{`decoding seccomp profile failed "/var/lib/kubelet/seccomp/profiles/not-json.json"`, "invalid character '}'"}},
		{"not JSON by annotation", pod{annotation: "not-json"}, "RunContainerError",
			[]string{read + `not-json.json"`, "invalid character '}'", "at byte 42"}},
		{"misspelt field by annotation", pod{annotation: "misspelt-field"}, "RunContainerError",
			[]string{read + `misspelt-field.json"`, `unknown field "syscals"`}},
		{"misspelt syscall by field", pod{field: "misspelt-syscall"}, "RunContainerError",
			[]string{"seccomp profile (linux.seccomp)", `syscalls[0].names[0]: "mkdirr"`}},
		{"misspelt syscall by annotation", pod{annotation: "misspelt-syscall"}, "RunContainerError",
			[]string{"Localhost/profiles/misspelt-syscall.json", `syscalls[0].names[0]: "mkdirr"`}},
		{"misspelt option of the handler", pod{class: "misspelt", field: "audit"}, "ContainerCreating",
			[]string{"FailedCreatePodSandBox", `runtime handler, in containerd's configuration: unknown option "profil_root"`}},
		{"no profile root", pod{class: "rootless", annotation: "audit"}, "RunContainerError",
			[]string{`cannot load seccomp profile "/var/lib/nowhere/profiles/audit.json"`, "profile_root: open /var/lib/nowhere: no such file"}},
		{"no such handler", pod{class: "unconfigured", field: "audit"}, "ContainerCreating",
			[]string{"FailedCreatePodSandBox", `no runtime for "unconfigured" is configured`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.pod.name = strings.ToLower(strings.ReplaceAll(row.name, " ", "-"))
			createPod(t, row.pod)
			awaitStatus(t, row.pod.name, row.want)
			t.Log(events(describe(t, row.pod.name, row.says...)))
		})
	}
}

// containerd drops the fields that it does not know from a file that a pod's field
// names, before any runtime sees them. If an annotation names the same file, the pod is
// refused: see above.
func TestContainerdDropsUnknownFields(t *testing.T) {
	prepareNode(t)
	const name = "misspelt-field-by-field"
	createPod(t, pod{name: name, field: "misspelt-field"})
	awaitReady(t, name)
	if got := curl(t, name, "/syscall/mkdirat"); got != "mkdirat: ok" {
		t.Errorf("%s: is it said in the docs still that containerd drops fields?", got)
	}
}

// pod has the properties in which the pods here differ.
type pod struct {
	name, class       string
	field, annotation string // the names of profiles
}

// createPod creates a pod of the tutorial's program.
func createPod(t *testing.T, p pod) {
	t.Helper()
	class := p.class
	if class == "" {
		class = "seccomp"
	}
	security, annotations := "{}", "{}"
	if p.field != "" {
		security = fmt.Sprintf("{seccompProfile: {type: Localhost, localhostProfile: profiles/%s.json}}", p.field)
	}
	if p.annotation != "" {
		annotations = fmt.Sprintf("{io.containerd.seccomp.v1/profile: Localhost/profiles/%s.json}", p.annotation)
	}
	startPod(t, p.name, fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: %s, annotations: %s},
		spec: {runtimeClassName: %s, securityContext: %s,
		containers: [{name: test-container, image: "hashicorp/http-echo:1.0"}]}}`, p.name, annotations, class, security))
}

func createRuntimeClass(t *testing.T, handler string) {
	t.Helper()
	manifest := fmt.Sprintf("{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: %s}, handler: %s}", handler, handler)
	if _, err := k8s.run(manifest, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// events returns the last lines of `kubectl describe`.
func events(described string) string {
	return described[max(0, strings.Index(described, "Events:")):]
}
