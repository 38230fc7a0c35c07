// Package exporter holds what runs the exporter of metrics in a cluster; its tests read the
// files, and compare their names with those of the exporter.
package exporter

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"seccomp-shim/cmd/seccomp-exporter/metrics"
	"seccomp-shim/seccomp/denials"
)

// A podMonitor has the fields of monitoring.coreos.com/v1 that the file uses.
type podMonitor struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Selector            metav1.LabelSelector `json:"selector"`
		PodMetricsEndpoints []struct {
			Port        string `json:"port"`
			Path        string `json:"path"`
			Interval    string `json:"interval"`
			HonorLabels bool   `json:"honorLabels"`
			Relabelings []struct {
				SourceLabels []string `json:"sourceLabels"`
				TargetLabel  string   `json:"targetLabel"`
			} `json:"relabelings"`
		} `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

// read decodes the documents of a file. An unknown or repeated field is an error.
func read(t *testing.T, path string, objects ...any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(data), "\n---\n")
	if len(documents) != len(objects) {
		t.Fatalf("%s has %d documents", path, len(documents))
	}
	for i, object := range objects {
		if err := yaml.UnmarshalStrict([]byte(documents[i]), object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
}

// The pod can read the node's reports, and do nothing else.
func TestDaemonSet(t *testing.T) {
	var (
		namespace corev1.Namespace
		account   corev1.ServiceAccount
		set       appsv1.DaemonSet
		monitor   podMonitor
	)
	read(t, "daemonset.yaml", &namespace, &account, &set)
	read(t, "podmonitor.yaml", &monitor)
	pod := set.Spec.Template.Spec
	if namespace.Kind != "Namespace" || account.Kind != "ServiceAccount" || set.Kind != "DaemonSet" ||
		account.Namespace != namespace.Name || set.Namespace != namespace.Name || pod.ServiceAccountName != account.Name ||
		monitor.Kind != "PodMonitor" || monitor.APIVersion != "monitoring.coreos.com/v1" || monitor.Namespace != namespace.Name {
		t.Error("they do not belong together")
	}
	for _, s := range []*metav1.LabelSelector{set.Spec.Selector, &monitor.Spec.Selector} {
		selector, err := metav1.LabelSelectorAsSelector(s)
		if err != nil || selector.Empty() || !selector.Matches(labels.Set(set.Spec.Template.Labels)) {
			t.Errorf("selector %v does not match the pods' labels: %v", selector, err)
		}
	}
	if len(pod.Containers) != 1 || len(pod.InitContainers) != 0 || pod.HostPID || pod.HostNetwork || pod.HostIPC || *pod.AutomountServiceAccountToken {
		t.Fatalf("the pod has more than it needs: %+v", pod)
	}
	c := pod.Containers[0]
	sc := c.SecurityContext
	switch {
	case sc.Privileged != nil || *sc.AllowPrivilegeEscalation || !*sc.ReadOnlyRootFilesystem,
		len(sc.Capabilities.Add) != 0 || !slices.Equal(sc.Capabilities.Drop, []corev1.Capability{"ALL"}),
		sc.SeccompProfile == nil || sc.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault:
		t.Errorf("the container has rights: %+v", sc)
	}
	if len(pod.Volumes) != 1 || pod.Volumes[0].HostPath == nil || pod.Volumes[0].HostPath.Path != denials.Dir ||
		len(c.VolumeMounts) != 1 || c.VolumeMounts[0].MountPath != denials.Dir || !c.VolumeMounts[0].ReadOnly || c.VolumeMounts[0].Name != pod.Volumes[0].Name {
		t.Errorf("the container sees %+v at %+v", pod.Volumes, c.VolumeMounts)
	}
	if len(monitor.Spec.PodMetricsEndpoints) != 1 || len(c.Ports) != 1 {
		t.Fatal("there is not one port")
	}
	endpoint := monitor.Spec.PodMetricsEndpoints[0]
	if endpoint.Port != c.Ports[0].Name || endpoint.Path != "/metrics" || !endpoint.HonorLabels || c.Ports[0].ContainerPort != 9837 || !slices.Contains(c.Args, "--listen=:9837") {
		t.Errorf("%+v is not %+v", endpoint, c.Ports)
	}
}

// The right to create events is the only one, and the patch switches events on and changes
// nothing else.
func TestEvents(t *testing.T) {
	var (
		role    rbacv1.ClusterRole
		binding rbacv1.ClusterRoleBinding
		set     appsv1.DaemonSet
		patch   appsv1.DaemonSet
	)
	read(t, "daemonset.yaml", &corev1.Namespace{}, &corev1.ServiceAccount{}, &set)
	read(t, "events.yaml", &role, &binding)
	read(t, "events-patch.yaml", &patch)
	want := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create"}}}
	if role.Kind != "ClusterRole" || !equality.Semantic.DeepEqual(role.Rules, want) {
		t.Errorf("the role is %+v", role)
	}
	subject := rbacv1.Subject{Kind: "ServiceAccount", Name: set.Spec.Template.Spec.ServiceAccountName, Namespace: set.Namespace}
	if binding.Kind != "ClusterRoleBinding" || binding.RoleRef.Kind != role.Kind || binding.RoleRef.Name != role.Name ||
		!slices.Equal(binding.Subjects, []rbacv1.Subject{subject}) {
		t.Errorf("the binding is %+v", binding)
	}
	before, after := &set.Spec.Template.Spec, &patch.Spec.Template.Spec
	if len(after.Containers) != 1 || after.Containers[0].Name != before.Containers[0].Name || !*after.AutomountServiceAccountToken ||
		!slices.Equal(after.Containers[0].Args, append(before.Containers[0].Args, "--events")) {
		t.Errorf("the patch is %+v", after)
	}
	env := after.Containers[0].Env
	if len(env) != 1 || env[0].Name != "NODE_NAME" || env[0].ValueFrom.FieldRef.FieldPath != "spec.nodeName" {
		t.Errorf("the environment is %+v", env)
	}
}

// served returns the labels of the exporter's metrics, by their names.
func served(t *testing.T) map[string][]string {
	t.Helper()
	dir := t.TempDir()
	report, err := json.Marshal(denials.Report{Format: denials.ReportFormat, Namespace: "k8s.io", ID: "1", Mode: denials.Enforcing,
		Denials: []*denials.Denial{{Count: 1, Call: denials.Call{Syscall: "mount", Answer: "KILL_PROCESS"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/k8s.io", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/k8s.io/1.json", report, 0o600); err != nil {
		t.Fatal(err)
	}
	var gatherer prometheus.Gatherer = metrics.NewRegistry(metrics.Config{Dir: dir, MaxSeries: 1})
	families, err := gatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, f := range families {
		names := []string{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			names = append(names, l.GetName())
		}
		all[f.GetName()] = names
	}
	return all
}

// A dashboard has the fields that the test compares. Grafana keeps no schema of the others.
type dashboard struct {
	Title, UID string
	Templating struct {
		List []struct {
			Name, Type, Definition string
		}
	}
	Panels []struct {
		ID         int
		Title      string
		Datasource struct{ UID string }
		GridPos    struct{ X, Y, W, H int }
		Targets    []struct{ RefID, Expr string }
	}
}

var (
	metricNames = regexp.MustCompile(`\bseccomp_\w+`)
	matchers    = regexp.MustCompile(`(\w+)=~"\$(\w+)"`)
	groupings   = regexp.MustCompile(`by \(([^)]*)\)`)
)

// The dashboard asks for metrics and labels that the exporter serves, and for all of its own
// metrics but the version.
func TestDashboard(t *testing.T) {
	data, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	metrics := served(t)
	variables, used := []string{}, map[string]bool{}
	check := func(expr string) {
		for _, name := range metricNames.FindAllString(expr, -1) {
			used[name] = true
			if metrics[name] == nil {
				t.Errorf("%s: the exporter does not serve %s", expr, name)
			}
		}
		for _, m := range matchers.FindAllStringSubmatch(expr, -1) {
			if !slices.Contains(metrics["seccomp_denials_total"], m[1]) || !slices.Contains(variables, m[2]) {
				t.Errorf("%s: there is no label %s or no variable %s", expr, m[1], m[2])
			}
		}
		for _, m := range groupings.FindAllStringSubmatch(expr, -1) {
			for _, label := range strings.Split(m[1], ", ") {
				if !slices.Contains(metrics["seccomp_denials_total"], label) {
					t.Errorf("%s: there is no label %s", expr, label)
				}
			}
		}
	}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	for _, v := range d.Templating.List {
		check(v.Definition)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" || p.GridPos.X+p.GridPos.W > 24 || p.GridPos.H == 0 {
			t.Errorf("panel %+v", p)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			check(target.Expr)
		}
	}
	for name := range metrics {
		if strings.HasPrefix(name, "seccomp_") && name != "seccomp_exporter_build_info" && !used[name] {
			t.Errorf("no panel has %s", name)
		}
	}
	if d.Title == "" || d.UID == "" || !slices.Contains(variables, "datasource") {
		t.Errorf("the dashboard is %q %q with %v", d.Title, d.UID, variables)
	}
}
