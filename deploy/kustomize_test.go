package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"
)

// kustomize is built from the Go proxy. kubectl has a version of it.
const kustomize = "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2"

// build returns the documents that `kustomize build` prints for a folder.
func build(t *testing.T, dir string) []string {
	t.Helper()
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", kustomize, "build", dir)
	cmd.Dir = "/" // in a module, Go would take the versions of its go.mod
	cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	return strings.Split(string(out), "\n---\n")
}

// documents returns those of a file.
func documents(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n---\n")
}

// find decodes the one document of a kind as strictly as the API server does.
func find[T any](t *testing.T, documents []string, kind string) *T {
	t.Helper()
	var found *T
	for _, text := range documents {
		var head struct{ Kind string }
		if err := yaml.Unmarshal([]byte(text), &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind != kind {
			continue
		}
		if found != nil {
			t.Fatalf("%s is there twice", kind)
		}
		found = new(T)
		if err := yaml.UnmarshalStrict([]byte(text), found); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	if found == nil {
		t.Fatalf("there is no %s", kind)
	}
	return found
}

func mustEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !equality.Semantic.DeepEqual(got, want) {
		t.Errorf("%s:\ngot  %+v\nwant %+v", what, got, want)
	}
}

// The folders' own kustomizations are the files, as they are.
func TestKustomizationsOfFolders(t *testing.T) {
	for _, row := range []struct{ folder, file, kind string }{
		{"installer", "daemonset.yaml", "DaemonSet"},
		{"exporter", "daemonset.yaml", "DaemonSet"},
		{"kubernetes", "runtimeclass.yaml", "RuntimeClass"},
	} {
		got, want := build(t, row.folder), documents(t, filepath.Join(row.folder, row.file))
		if len(got) != len(want) {
			t.Errorf("%s: %d documents, want %d", row.folder, len(got), len(want))
		}
		mustEqual(t, row.folder, find[map[string]any](t, got, row.kind), find[map[string]any](t, want, row.kind))
	}
}

// The whole is the files with a label for nodes: the RuntimeClass selects nodes by it, and the
// DaemonSet sets it by containers of their own.
func TestKustomization(t *testing.T) {
	built := build(t, ".")
	source := slices.Concat(documents(t, "installer/daemonset.yaml"), documents(t, "installer/label/rights.yaml"), documents(t, "kubernetes/runtimeclass.yaml"))
	if len(built) != len(source) {
		t.Errorf("%d documents, want %d", len(built), len(source))
	}
	mustEqual(t, "Namespace", find[corev1.Namespace](t, built, "Namespace"), find[corev1.Namespace](t, source, "Namespace"))
	mustEqual(t, "ServiceAccount", find[corev1.ServiceAccount](t, built, "ServiceAccount"), find[corev1.ServiceAccount](t, source, "ServiceAccount"))

	class, want := find[nodev1.RuntimeClass](t, built, "RuntimeClass"), find[nodev1.RuntimeClass](t, source, "RuntimeClass")
	want.Scheduling = &nodev1.Scheduling{NodeSelector: map[string]string{"io.containerd.seccomp.v1/handler": "seccomp"}}
	mustEqual(t, "RuntimeClass", class, want)

	set, plain := find[appsv1.DaemonSet](t, built, "DaemonSet"), find[appsv1.DaemonSet](t, source, "DaemonSet")
	pod := &set.Spec.Template.Spec
	if len(pod.InitContainers) != 2 || len(pod.Containers) != 1 || len(pod.Volumes) != 2 {
		t.Fatalf("the pod has %d and %d containers, %d volumes", len(pod.InitContainers), len(pod.Containers), len(pod.Volumes))
	}
	unlabel, install, done := pod.InitContainers[0], &pod.InitContainers[1], pod.Containers[0]
	mustBeNobody(t, unlabel)
	mustBeNobody(t, done)
	if !slices.Equal(unlabel.Command, []string{"/opt/seccomp-shim/node-installer", "unlabel"}) || !strings.Contains(done.Args[0], "/opt/seccomp-shim/node-installer label;") {
		t.Errorf("unlabel runs %q, done %q", unlabel.Command, done.Args)
	}
	// All else is as in daemonset.yaml: the container that is root on the node has no token.
	if len(install.VolumeMounts) != 1 || install.VolumeMounts[0].Name != "chosen" {
		t.Errorf("install has the volumes %+v", install.VolumeMounts)
	}
	install.VolumeMounts = nil
	install.Args[0] = strings.TrimPrefix(install.Args[0], "echo \"$ACTION\" >/chosen/action\n")
	pod.InitContainers, pod.Volumes = pod.InitContainers[1:], nil
	pod.Containers = plain.Spec.Template.Spec.Containers
	mustEqual(t, "DaemonSet", set, plain)
}

// mustBeNobody fails if a container has a right beside its token.
func mustBeNobody(t *testing.T, c corev1.Container) {
	t.Helper()
	sc := c.SecurityContext
	if *sc.RunAsUser != 65534 || !*sc.RunAsNonRoot || *sc.AllowPrivilegeEscalation || !*sc.ReadOnlyRootFilesystem || sc.Privileged != nil ||
		len(sc.Capabilities.Add) != 0 || !slices.Equal(sc.Capabilities.Drop, []corev1.Capability{"ALL"}) ||
		sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s has rights: %+v", c.Name, sc)
	}
	if !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.Name == "token" && m.ReadOnly }) {
		t.Errorf("%s has no token", c.Name)
	}
}

// The right is one verb, and a policy that denies limits it.
func TestRights(t *testing.T) {
	rights := documents(t, "installer/label/rights.yaml")
	role := find[rbacv1.ClusterRole](t, rights, "ClusterRole")
	mustEqual(t, "rules", role.Rules, []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"patch"}}})
	account := find[corev1.ServiceAccount](t, documents(t, "installer/daemonset.yaml"), "ServiceAccount")
	binding := find[rbacv1.ClusterRoleBinding](t, rights, "ClusterRoleBinding")
	mustEqual(t, "subjects", binding.Subjects, []rbacv1.Subject{{Kind: "ServiceAccount", Name: account.Name, Namespace: account.Namespace}})
	policy := find[admissionv1.ValidatingAdmissionPolicy](t, rights, "ValidatingAdmissionPolicy")
	bound := find[admissionv1.ValidatingAdmissionPolicyBinding](t, rights, "ValidatingAdmissionPolicyBinding")
	who := policy.Spec.MatchConditions[0].Expression
	if *policy.Spec.FailurePolicy != admissionv1.Fail || bound.Spec.PolicyName != policy.Name || binding.RoleRef.Name != role.Name ||
		!slices.Contains(bound.Spec.ValidationActions, admissionv1.Deny) || !strings.Contains(who, `"system:serviceaccount:`+account.Namespace+":"+account.Name+`"`) {
		t.Errorf("the policy does not limit the right: %+v %+v", policy, bound)
	}
}

// The overlay of docs/node-installer.md sets what it says.
func TestOverlay(t *testing.T) {
	built := build(t, "../integration/testdata/overlay")
	pod := find[appsv1.DaemonSet](t, built, "DaemonSet").Spec.Template.Spec
	const image = "registry.example.com/seccomp-shim/installer@sha256:9fdc884aacc3bec89b20ffc69f4bb369c78210e3e4f600387b5128b12c199f81"
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		if c.Image != image {
			t.Errorf("%s has the image %s", c.Name, c.Image)
		}
	}
	if pod.NodeSelector["kubernetes.io/arch"] != "arm64" || pod.NodeSelector["kubernetes.io/os"] != "linux" {
		t.Errorf("the pods go to %v", pod.NodeSelector)
	}
	settings := find[corev1.ConfigMap](t, built, "ConfigMap")
	mustEqual(t, "settings", settings.Data, map[string]string{"BIN_DIR": "/opt/bin"})
	from := pod.InitContainers[1].EnvFrom
	if len(from) != 1 || from[0].ConfigMapRef.Name != settings.Name || settings.Namespace != "seccomp-shim" {
		t.Errorf("install does not read %s/%s, but %+v", settings.Namespace, settings.Name, from)
	}
}

// A release's manifest is deploy/ with an image by digest, for nodes of each architecture.
func TestReleaseManifest(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0123456789abcdef", 4)
	manifest := func(image, digest string) (string, error) {
		cmd := exec.Command("packages/manifest", image, digest)
		cmd.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0", "KUSTOMIZE=go run "+kustomize+" build")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := manifest("ghcr.io/owner/seccomp-shim/installer", digest)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pod := find[appsv1.DaemonSet](t, strings.Split(out, "\n---\n"), "DaemonSet").Spec.Template.Spec
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		if c.Image != "ghcr.io/owner/seccomp-shim/installer@"+digest {
			t.Errorf("%s has the image %s", c.Name, c.Image)
		}
	}
	mustEqual(t, "node selector", pod.NodeSelector, map[string]string{"kubernetes.io/os": "linux"})
	for image, digest := range map[string]string{"ghcr.io/O/installer": digest, "ghcr.io/o/installer": "sha256:0", "ghcr.io/o/x": "v1", "a b": digest, "a\nb": digest} {
		if out, err := manifest(image, digest); err == nil || !strings.Contains(out, "must be") {
			t.Errorf("%q %q: %v, %s", image, digest, err, out)
		}
	}
}
