package resolve

import (
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// FuzzLocalhost: no value leads to a profile outside the root.
func FuzzLocalhost(f *testing.F) {
	for _, path := range []string{
		"inside.json", "folder/up", "../outside.json", "/outside.json", "absolute-out", "relative-out",
		"folder-out/outside.json", "folder-link/../../outside.json", "folder/../../root/inside.json", "fifo", "a\x00b", "",
	} {
		f.Add(path)
	}
	root := profileRoot(f)
	f.Fuzz(func(t *testing.T, path string) {
		choice, err := resolve(request{Annotations: map[string]string{ours: "Localhost/" + path}, Options: Options{ProfileRoot: root}})
		if err != nil {
			return
		}
		if choice.Source != Localhost {
			t.Fatalf("chose %v", choice.Source)
		}
		if p, err := choice.Load(); err == nil && p.Spec().DefaultAction != specs.ActLog {
			t.Fatalf("loaded the profile outside by %q", path)
		}
	})
}
