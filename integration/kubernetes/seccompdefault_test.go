package kubernetes

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// defaultRows are pods with the profile that each gets: by itself, and while the kubelet
// gives RuntimeDefault to pods that name none. Then the shim sees RuntimeDefault in the OCI
// spec, which is stronger than an annotation and the option unset_profile. Unconfined and
// privileged pods reach it without a profile in both cases.
var defaultRows = []struct {
	name, class             string
	annotations, spec       string // of the pod, as JSON
	container               string // its securityContext
	without, seccompDefault string // profiles
}{
	{name: "names-none", class: "seccomp", without: unconfined, seccompDefault: "RuntimeDefault"},
	{name: "handler-names", class: "unset", without: "no-mkdir.json", seccompDefault: "RuntimeDefault"},
	{
		name: "annotation-names", class: "seccomp", annotations: `{"io.containerd.seccomp.v1/profile": "Localhost/profiles/no-mkdir.json"}`,
		without: "no-mkdir.json", seccompDefault: "RuntimeDefault",
	},
	{
		name: "unconfined", class: "unset", spec: `{"seccompProfile": {"type": "Unconfined"}}`,
		without: "no-mkdir.json", seccompDefault: "no-mkdir.json",
	},
	{
		name: "privileged", class: "unset", container: `{"privileged": true}`,
		without: "no-mkdir.json", seccompDefault: "no-mkdir.json",
	},
}

// The kubelet gives pods that name no profile RuntimeDefault, if its configuration says
// seccompDefault or its command line --seccomp-default. Only the first is in the
// configuration that the kubelet shows.
func TestSeccompDefault(t *testing.T) {
	prepareNode(t)
	createRuntimeClass(t, "unset")
	t.Run("without", func(t *testing.T) { checkDefaults(t, false) })
	for _, row := range []struct {
		name, config string
		flags        []string
	}{
		{"configuration", "seccompDefault: true\n", nil},
		{"flag", "", []string{"--seccomp-default"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Cleanup(func() { changeKubelet(t, "", nil) })
			changeKubelet(t, row.config, row.flags)
			shown := kubectl(t, "get", "--raw", "/api/v1/nodes/"+nodeName+"/proxy/configz")
			if want := fmt.Sprintf(`"seccompDefault":%v`, row.config != ""); !strings.Contains(shown, want) {
				t.Errorf("the kubelet does not show %s, but %s", want, shown)
			}
			checkDefaults(t, true)
			if row.config != "" {
				playKubectlRun(t)
			}
		})
	}
}

// changeKubelet restarts the kubelet with more settings and flags.
func changeKubelet(t *testing.T, config string, flags []string) {
	t.Helper()
	if err := writeKubeletConfig(config); err != nil {
		t.Fatal(err)
	}
	k8s.kubelet.args = append(kubeletFlags(), flags...)
	if err := k8s.restartKubelet(); err != nil {
		t.Fatal(err)
	}
}

// checkDefaults starts the pods, and reads the filter of each back from the kernel.
func checkDefaults(t *testing.T, seccompDefault bool) {
	t.Helper()
	var manifests []string
	for _, row := range defaultRows {
		orNone := func(text string) string {
			if text == "" {
				return "{}"
			}
			return text
		}
		manifests = append(manifests, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": %q, "annotations": %s},
			"spec": {"nodeName": %q, "runtimeClassName": %q, "securityContext": %s, "terminationGracePeriodSeconds": 1, "containers": [
			{"name": "test-container", "image": %q, "command": ["sleep", "1000"], "securityContext": %s}]}}`,
			row.name, orNone(row.annotations), nodeName, row.class, orNone(row.spec), busyboxImage, orNone(row.container)))
	}
	startPods(t, manifests)
	for _, row := range defaultRows {
		awaitReady(t, row.name)
		profile := row.without
		if seccompDefault {
			profile = row.seccompDefault
		}
		if strings.HasSuffix(profile, ".json") {
			profile = filepath.Join(profiles, profile)
		}
		mustRunUnder(t, inspect(t, row.name, "test-container").Info.PID, profile)
	}
}
