package cri

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/testbed"
)

// The handlers beside that of the drop-in. Each has one option more.
const (
	handler   = "seccomp"
	misspelt  = "misspelt"  // has profile_rot
	nowhere   = "nowhere"   // has a profile_root that does not exist
	defaulted = "defaulted" // has an unset_profile
	byFile    = "byfile"    // has the same in a file
)

// runcHandler is a handler that config.toml already has on a node with containerd 1.7.
const runcHandler = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

`

const (
	systemdCgroup      = "SystemdCgroup = true\n"
	profileRootNowhere = "/var/lib/nowhere"
	optionsFile        = seccompRoot + "/options.toml"
)

// dropIn returns the file for a format of containerd's configuration.
func dropIn(version int) string {
	name := map[int]string{2: "seccomp-1.7.toml", 3: "seccomp-2.x.toml"}[version]
	return filepath.Join(testbed.ModuleRoot(), "deploy/containerd", name)
}

// handlers returns the drop-in as configuration for this machine, which may have no
// systemd, with further handlers like it.
func handlers(bin string) (string, error) {
	version, err := testbed.ConfigVersion(context.Background(), bin)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(dropIn(version))
	if err != nil {
		return "", err
	}
	_, table, ok := strings.Cut(string(text), fmt.Sprintf("\nversion = %d\n", version))
	if !ok || strings.Count(table, systemdCgroup) != 1 {
		return "", fmt.Errorf("%s: cannot be adapted to this machine", dropIn(version))
	}
	const unsetProfile = "unset_profile = \"RuntimeDefault\"\n"
	inFile := unsetProfile
	if hasSystemd() {
		inFile += systemdCgroup
	}
	if err := os.WriteFile(optionsFile, []byte(inFile), 0o644); err != nil {
		return "", err
	}
	all := ""
	if version < 3 {
		all = runcHandler // containerd has no default one here
	}
	for name, option := range map[string]string{
		handler:   "",
		misspelt:  `profile_rot = "/etc/seccomp"`,
		nowhere:   fmt.Sprintf("profile_root = %q\nunset_profile = \"Localhost/profiles/audit.json\"", profileRootNowhere),
		defaulted: unsetProfile,
		byFile:    fmt.Sprintf("ConfigPath = %q", optionsFile),
	} {
		if hasSystemd() && name != byFile {
			option = systemdCgroup + option
		}
		own := strings.ReplaceAll(table, ".runtimes.seccomp", ".runtimes."+name)
		all += strings.Replace(own, systemdCgroup, option+"\n", 1)
	}
	return all, nil
}

// A drop-in adds its handler to containerd's configuration and removes nothing. For 1.7
// it is appended to config.toml, because an imported file would replace all settings of
// the plugin.
func TestDropInIsAccepted(t *testing.T) {
	needNode(t)
	version := node.ConfigVersion()
	plugin := map[int]string{2: "io.containerd.grpc.v1.cri", 3: "io.containerd.cri.v1.runtime"}[version]
	config := fmt.Sprintf(`[plugins.%q]
  max_container_log_line_size = 12345
  [plugins.%q.containerd.runtimes.other]
    runtime_type = "io.containerd.runc.v2"
`, plugin, plugin)
	if version == 3 {
		config = fmt.Sprintf("version = 3\nimports = [%q]\n", dropIn(version)) + config
	} else {
		text, err := os.ReadFile(dropIn(version))
		if err != nil {
			t.Fatal(err)
		}
		config = string(text) + config
	}
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	dump, err := exec.Command(filepath.Join(testbed.BinDir(), "containerd"), "--config", path, "config", "dump").Output()
	if err != nil {
		t.Fatal(err)
	}
	type runtime struct {
		Type                 string         `toml:"runtime_type"`
		PodAnnotations       []string       `toml:"pod_annotations"`
		ContainerAnnotations []string       `toml:"container_annotations"`
		Options              map[string]any `toml:"options"`
	}
	var accepted struct {
		Plugins map[string]struct {
			LineSize   int `toml:"max_container_log_line_size"`
			Containerd struct {
				Runtimes map[string]runtime
			}
		}
	}
	if err := toml.Unmarshal(dump, &accepted); err != nil {
		t.Fatal(err)
	}
	got := accepted.Plugins[plugin]
	seccomp := got.Containerd.Runtimes[handler]
	if seccomp.Type != "io.containerd.seccomp.v1" || len(seccomp.PodAnnotations) != 4 || len(seccomp.ContainerAnnotations) != 1 ||
		seccomp.Options["SystemdCgroup"] != true {
		t.Errorf("the handler is %+v", seccomp)
	}
	if got.LineSize != 12345 || got.Containerd.Runtimes["other"].Type != "io.containerd.runc.v2" {
		t.Errorf("what was there is gone: %+v", got)
	}
}

// containerd tells the kubelet the handler's name, and which features pods may use with
// it.
func TestHandlerIsListed(t *testing.T) {
	needNode(t)
	status, err := kubelet.Status(bounded(t), &cri.StatusRequest{Verbose: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range status.Status.Conditions {
		if (c.Type == cri.RuntimeReady || c.Type == cri.NetworkReady) && !c.Status {
			t.Errorf("%s is false: %s", c.Type, c.Message)
		}
	}
	if !strings.Contains(status.Info["config"], `"seccomp":{"runtimeType":"io.containerd.seccomp.v1"`) {
		t.Errorf("not in the configuration: %s", status.Info["config"])
	}
	if node.ConfigVersion() < 3 {
		return // containerd 1.x lists no handlers
	}
	for _, h := range status.RuntimeHandlers {
		if h.Name != handler {
			continue
		}
		features := h.Features
		if node.CRIAsksForFeatures() && !(features.GetRecursiveReadOnlyMounts() && features.GetUserNamespaces()) {
			t.Errorf("its features are %v", features)
		}
		return
	}
	t.Errorf("not among %v", status.RuntimeHandlers)
}
