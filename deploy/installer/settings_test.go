package installer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func touch(t *testing.T, root string, names ...string) {
	t.Helper()
	for _, name := range names {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// k3s and RKE2 have a containerd of their own. The kubelet uses it if it runs.
func TestDefaultConfig(t *testing.T) {
	const (
		etc    = "etc/containerd/config.toml"
		k3s    = "var/lib/rancher/k3s/agent/etc/containerd/config.toml"
		rke2   = "var/lib/rancher/rke2/agent/etc/containerd/config.toml"
		socket = "run/k3s/containerd/containerd.sock"
	)
	for _, row := range []struct {
		there []string
		want  string
	}{
		{nil, etc},
		{[]string{etc}, etc},
		{[]string{k3s}, etc}, // k3s does not run
		{[]string{k3s, socket}, k3s},
		{[]string{etc, rke2, socket}, rke2},
		{[]string{etc, socket}, etc},
	} {
		root := t.TempDir()
		touch(t, root, row.there...)
		s := newSettings(root, root, func(string) (string, bool) { return "", false })
		if s.config != filepath.Join(root, row.want) {
			t.Errorf("%q: got %s", row.there, s.config)
		}
		rancher := strings.HasPrefix(row.want, "var")
		if got := strings.HasPrefix(s.searchPath("/bin"), strings.TrimSuffix(s.config, "/"+rancherConfig)+"/data/current/bin:"); got != rancher {
			t.Errorf("%q: PATH is %s", row.there, s.searchPath("/bin"))
		}
	}
}

func TestSettings(t *testing.T) {
	for _, row := range []struct {
		name, value string
		get         func(settings) string
	}{
		{"CONTAINERD_CONFIG", "/c", func(s settings) string { return s.config }},
		{"CONTAINERD_ADDRESS", "/a", func(s settings) string { return s.address }},
		{"BIN_DIR", "/b", func(s settings) string { return s.binDir }},
		{"PROFILE_DIR", "/p", func(s settings) string { return s.profileDir }},
		{"STATE_DIR", "/s", func(s settings) string { return s.state }},
		{"RUN_DIR", "/r", func(s settings) string { return s.run }},
		{"FLOOR", "/f.json", func(s settings) string { return s.floor }},
		{"FLOOR_OBSERVE", "trial", func(s settings) string { return s.floorObserve }},
		{"RESTART", "", func(s settings) string { return *s.restart }},
	} {
		s := newSettings("/nonexistent", "/nonexistent", func(name string) (string, bool) { return row.value, name == row.name })
		if got := row.get(s); got != row.value {
			t.Errorf("%s: got %q", row.name, got)
		}
		if !strings.Contains(usage, "\n  "+row.name+" ") {
			t.Errorf("%s is not in the usage", row.name)
		}
	}
}

func TestVersionLine(t *testing.T) {
	for line, want := range map[string][]string{
		"containerd github.com/containerd/containerd/v2 v2.4.2 1a2b\n": {"2", "4"},
		"containerd github.com/containerd/containerd 1.6.20~ds1 x\n":   {"1", "6"},
		"containerd github.com/k3s-io/containerd v2.0.2-k3s2 \n":       {"2", "0"},
		"containerd containerd.io 1.7.27 05044ec0\n":                   {"1", "7"},
		"something else 1.2.3": nil,
	} {
		got := versionLine.FindStringSubmatch(line)
		if len(got) > 0 {
			got = got[1:]
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q", line, got)
		}
	}
}

// containerd 2.x answers with a list of handlers, 1.x with its configuration alone.
func TestHandlersOf(t *testing.T) {
	field := func(number protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
	}
	entry := func(key, value string) []byte {
		return field(2, slices.Concat(field(1, []byte(key)), field(2, []byte(value))))
	}
	other := protowire.AppendVarint(protowire.AppendTag(nil, 9, protowire.VarintType), 7)
	for _, row := range []struct {
		name   string
		answer []byte
		want   string
		fails  bool
	}{
		{"nothing", nil, "", false},
		{"a list", slices.Concat(field(1, other), field(3, field(1, []byte("runc"))), other, field(3, field(1, []byte("seccomp")))), "runc seccomp", false},
		{"a configuration", slices.Concat(entry("lastCNILoadStatus", "OK"), entry("config", `{"containerd":{"runtimes":{"seccomp":{},"runc":{"x":1}}}}`)), "runc seccomp", false},
		{"both", slices.Concat(entry("config", `{"containerd":{"runtimes":{"runc":{}}}}`), field(3, field(1, []byte("runc")))), "runc", false},
		{"no JSON", entry("config", "{"), "", true},
		{"cut", field(3, []byte("runc"))[:3], "", true},
	} {
		got, err := handlersOf(row.answer)
		if strings.Join(got, " ") != row.want || (err != nil) != row.fails {
			t.Errorf("%s: got %q, %v", row.name, got, err)
		}
	}
}
