package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With FLOOR the handler has a floor; without it in a later run it has none any more. A floor
// that the shim would refuse changes nothing.
func TestNodeInstallerFloor(t *testing.T) {
	t.Parallel()
	in := newInstallation(t)
	const root = "/var/lib/kubelet/seccomp"
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	profiles, err := os.MkdirTemp(root, "ni-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.RemoveAll(profiles)
		for dir := root; os.Remove(dir) == nil; { // if the test has made it
			dir = filepath.Dir(dir)
		}
	})
	floor := in.path("floor.json")
	base := append(in.env, "PROFILE_DIR="+profiles, "RESTART=")
	option := `floor = "Localhost/` + filepath.Base(profiles) + `/floor.json"`

	write(t, floor, []byte(`{"defaultAction":"SCMP_ACT_ERRNO"}`))
	in.env = append(base, "FLOOR="+floor)
	if out, err := in.do(t, "install"); err == nil || !strings.Contains(out, "FLOOR: run ") || !strings.Contains(out, "execve") {
		t.Errorf("a floor under which nothing starts: %v", err)
	}
	if strings.Contains(in.dump(t), "io.containerd.seccomp.v1") {
		t.Error("the configuration has the handler")
	}

	write(t, floor, []byte(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["keyctl"],"action":"SCMP_ACT_ERRNO"}]}`))
	in.env = append(base, "FLOOR="+floor, "FLOOR_OBSERVE=trial")
	in.must(t, "install")
	if options := in.options(t); !has(options, option) || !has(options, `floor_observe = "trial"`) {
		t.Errorf("the handler has no floor on trial: %s", options)
	}
	if got := string(read(t, filepath.Join(profiles, "floor.json"))); got != string(read(t, floor)) {
		t.Errorf("the floor is %s", got)
	}
	in.env = append(base, "FLOOR="+floor)
	in.must(t, "install")
	if options := in.options(t); !has(options, option) || strings.Contains(options, "floor_observe") {
		t.Errorf("the floor is not enforced: %s", options)
	}
	in.env = base
	in.must(t, "install")
	if strings.Contains(in.options(t), "floor") {
		t.Error("the handler has a floor still")
	}
	in.must(t, "uninstall")
	if left, err := filepath.Glob(filepath.Join(profiles, "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// options returns the text that has the handler's options: the configuration, or with
// containerd 1.6 the file that it names.
func (in *installation) options(t *testing.T) string {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(filepath.Dir(in.config), "seccomp-options.toml")); err == nil {
		return string(text)
	}
	return in.dump(t)
}

// has reports whether TOML has a setting, in one of its two forms of quotes.
func has(text, setting string) bool {
	return strings.Contains(text, setting) || strings.Contains(text, strings.ReplaceAll(setting, `"`, `'`))
}
