package config

import (
	"os"
	"slices"
	"strings"
	"testing"
)

var (
	v17 = Version{1, 7}
	v24 = Version{2, 4}
)

func effective(t *testing.T, v Version, dump string) *Effective {
	t.Helper()
	e, err := ParseDump([]byte(strings.ReplaceAll(dump, "PLUGIN", `plugins."`+v.Plugin()+`"`)), v)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestLost(t *testing.T) {
	const before = "version = 2\nimports = ['a']\nroot = '/r'\n[PLUGIN]\na = [1, 2]\n[PLUGIN.containerd.runtimes.seccomp]\nruntime_type = 'x'\n[PLUGIN.b]\n\"c.d\" = ''\n"
	for _, row := range []struct{ name, from, to, want string }{
		{"nothing", "", "", ""},
		{"other files", "['a']", "['b', 'c']", ""},
		{"our handler", "'x'", "'y'", ""},
		{"one more", "root", "more = 1\nroot", ""},
		{"what is said nowhere has its zero value", "\"c.d\" = ''", "", ""},
		{"a value", "'/r'", "'/s'", "root = /r"},
		{"an element", "[1, 2]", "[2]", `plugins."io.containerd.cri.v1.runtime".a = [1 2]`},
		{"a key with a dot", "''", "'x'", `plugins."io.containerd.cri.v1.runtime".b."c.d" = `},
	} {
		got := effective(t, v24, before).Lost(effective(t, v24, strings.Replace(before, row.from, row.to, 1)))
		if strings.Join(got, "; ") != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
	one, other := effective(t, v24, before), effective(t, v24, strings.Replace(before, "'x'", "'y'", 1))
	if one.Equal(other) || !one.Equal(one) {
		t.Error("a handler's change is none")
	}
}

func TestAddress(t *testing.T) {
	for dump, want := range map[string]string{
		"":                       "/run/containerd/containerd.sock",
		"[grpc]\naddress='/a'\n": "/a",
		"[plugins.'io.containerd.server.v1.grpc']\naddress='/b'\n": "/b",
	} {
		if got := effective(t, v24, dump).Address(); got != want {
			t.Errorf("%q: got %s", dump, got)
		}
	}
}

func TestCRIDisabled(t *testing.T) {
	for dump, want := range map[string]string{
		"disabled_plugins = []\n":                               "",
		"root = 'cri'\n":                                        "",
		"disabled_plugins = ['x', 'cri']\n":                     "cri",
		"disabled_plugins = ['io.containerd.grpc.v1.cri']\n":    "io.containerd.grpc.v1.cri",
		"disabled_plugins = ['io.containerd.cri.v1.runtime']\n": "io.containerd.cri.v1.runtime",
		"disabled_plugins = ['io.containerd.cri.v1.images']\n":  "",
	} {
		if got := effective(t, v24, dump).CRIDisabled(); got != want {
			t.Errorf("%q: got %q, want %q", dump, got, want)
		}
	}
}

// The two files of deploy/containerd are what is installed.
func TestTable(t *testing.T) {
	for name, v := range map[string]Version{"seccomp-2.x.toml": v24, "seccomp-1.7.toml": v17} {
		text, err := os.ReadFile("../../containerd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, systemd := range []bool{true, false} {
			table := NewTable(text, systemd)
			e, err := ParseDump(table.DropIn(), v)
			if err != nil || !e.HasHandler() {
				t.Fatalf("%s: no handler: %v", name, err)
			}
			if got := e.Runtime(Handler)["options"].(map[string]any)["SystemdCgroup"]; got != systemd {
				t.Errorf("%s: SystemdCgroup is %v", name, got)
			}
			if diff := len(lines(text)) - len(lines(table.DropIn())); diff != 0 {
				t.Errorf("%s: has %d lines less", name, diff)
			}
			block := "version = 2\n" + string(table.Block())
			if e, err := ParseDump([]byte(block), v); err != nil || !e.HasHandler() || strings.Count(block, "version =") != 1 {
				t.Errorf("%s: the block is\n%s", name, block)
			}
			split, options := table.SplitOptions("/file")
			e, err = ParseDump(split.DropIn(), v)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Runtime(Handler)["options"].(map[string]any); len(got) != 1 || got["ConfigPath"] != "/file" {
				t.Errorf("%s: the options are %v", name, got)
			}
			if e, err := ParseDump(options, v); err != nil || e.at("SystemdCgroup") != systemd || !strings.Contains(string(options), "\n# profile_root = ") {
				t.Errorf("%s: the file of options is\n%s", name, options)
			}
		}
	}
	if got := string(NewTable([]byte("[plugins\n"), true).DropIn()); got != "[plugins\n" {
		t.Errorf("what is not TOML is now %q", got)
	}
}

func lines(text []byte) []string { return strings.Split(string(text), "\n") }

// What containerd 1.x has by default is written without its zero values, but options as
// they are.
func TestRuntimeTables(t *testing.T) {
	before := effective(t, v17, `
[PLUGIN.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  runtime_root = ''
  pod_annotations = []
  sandbox_mode = 'podsandbox'
  [PLUGIN.containerd.runtimes.runc.options]
    Root = ''
    SystemdCgroup = true
[PLUGIN.containerd.runtimes.stays]
  runtime_type = 'x'
[PLUGIN.containerd.runtimes."a b"]
  runtime_type = 'y'
`)
	after := effective(t, v17, "[PLUGIN.containerd.runtimes.stays]\nruntime_type = 'x'\n")
	got, err := before.RuntimeTables(after)
	if err != nil {
		t.Fatal(err)
	}
	const prefix = `[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.`
	want := "\n" + prefix + "\"a b\"]\nruntime_type = 'y'\n" +
		"\n" + prefix + "runc]\nruntime_type = 'io.containerd.runc.v2'\nsandbox_mode = 'podsandbox'\n" +
		"\n" + prefix + "runc.options]\nRoot = ''\nSystemdCgroup = true\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !slices.Equal(before.lostRuntimes(before), nil) {
		t.Error("a runtime is lost to itself")
	}
}

func TestSystemdCgroup(t *testing.T) {
	const runc = "[PLUGIN.containerd.runtimes.runc]\nruntime_type = 'io.containerd.runc.v2'\n[PLUGIN.containerd.runtimes.runc.options]\nSystemdCgroup = true\n"
	for _, row := range []struct {
		name, dump string
		want       bool
	}{
		{"none", "", false},
		{"runc's", runc, true},
		{"the default handler's", "[PLUGIN.containerd]\ndefault_runtime_name = 'a'\n[PLUGIN.containerd.runtimes.a]\nruntime_type = 'io.containerd.runc.v2'\n" + runc, false},
		{"a default handler that is not runc's has none", "[PLUGIN.containerd]\ndefault_runtime_name = 'a'\n[PLUGIN.containerd.runtimes.a]\nruntime_type = 'io.containerd.kata.v2'\n" + runc, true},
	} {
		if got := effective(t, v24, row.dump).SystemdCgroup(); got != row.want {
			t.Errorf("%s: got %v", row.name, got)
		}
	}
}
