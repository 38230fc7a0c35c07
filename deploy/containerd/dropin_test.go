// Package containerd has containerd's configuration of the runtime handler. Its tests
// compare the files with the shim; package integration/cri tests that containerd
// accepts them.
package containerd

import (
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"seccomp-shim/seccomp/resolve"
)

// files are the drop-ins: the name, the version of the configuration's format,
// and the plugin that has the handlers.
var files = map[string]struct {
	version int64
	plugin  string
}{
	"seccomp-2.x.toml": {3, "io.containerd.cri.v1.runtime"},
	"seccomp-1.7.toml": {2, "io.containerd.grpc.v1.cri"},
}

type handler struct {
	RuntimeType          string         `toml:"runtime_type"`
	PodAnnotations       []string       `toml:"pod_annotations"`
	ContainerAnnotations []string       `toml:"container_annotations"`
	Options              map[string]any `toml:"options"`
}

type config struct {
	Version int64 `toml:"version"`
	Plugins map[string]struct {
		Containerd struct {
			Runtimes map[string]handler `toml:"runtimes"`
		} `toml:"containerd"`
	} `toml:"plugins"`
}

func parse(t *testing.T, text string) config {
	t.Helper()
	var c config
	if err := toml.NewDecoder(strings.NewReader(text)).DisallowUnknownFields().Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Both files say the same about the same handler.
func TestDropIns(t *testing.T) {
	var all []handler
	for name, file := range files {
		c := parse(t, read(t, name))
		if c.Version != file.version || len(c.Plugins) != 1 || len(c.Plugins[file.plugin].Containerd.Runtimes) != 1 {
			t.Errorf("%s: got %+v", name, c)
		}
		h := c.Plugins[file.plugin].Containerd.Runtimes["seccomp"]
		if h.RuntimeType != "io.containerd.seccomp.v1" || h.Options["SystemdCgroup"] != true {
			t.Errorf("%s: got %+v", name, h)
		}
		all = append(all, h)
	}
	if !reflect.DeepEqual(all[0], all[1]) {
		t.Errorf("they differ:\n%+v\n%+v", all[0], all[1])
	}
}

// The handler that records differs in its name and in its options alone, and confines.
func TestRecordingHandler(t *testing.T) {
	plugin := parse(t, read(t, "record-2.x.toml")).Plugins["io.containerd.cri.v1.runtime"].Containerd.Runtimes
	usual := parse(t, read(t, "seccomp-2.x.toml")).Plugins["io.containerd.cri.v1.runtime"].Containerd.Runtimes["seccomp"]
	h, found := plugin["seccomp-record"]
	want := map[string]any{"SystemdCgroup": true, "observe": "record", "record_under": "RuntimeDefault"}
	if !found || len(plugin) != 1 || !reflect.DeepEqual(h.Options, want) {
		t.Errorf("got %+v", plugin)
	}
	h.Options = usual.Options
	if !reflect.DeepEqual(h, usual) {
		t.Errorf("they differ:\n%+v\n%+v", h, usual)
	}
}

// The annotations that the shim reads pass containerd, which matches patterns as
// package path does.
func TestAnnotationsPass(t *testing.T) {
	h := parse(t, read(t, "seccomp-2.x.toml")).Plugins["io.containerd.cri.v1.runtime"].Containerd.Runtimes["seccomp"]
	almost := []string{"io.containerd.seccomp.v1/Profile", "io.containerd.seccomp.v1.profile", "io.containerd.seccomp/profile",
		"seccomp.security.alpha.kubernetes.io/Pod"} // these must pass so that the shim can refuse them
	for _, annotation := range append(resolve.Annotations(), almost...) {
		if strings.HasSuffix(annotation, "/") {
			annotation += "test-container"
		}
		if !slices.ContainsFunc(h.PodAnnotations, func(pattern string) bool {
			ok, err := path.Match(pattern, annotation)
			return ok && err == nil
		}) {
			t.Errorf("%s does not pass", annotation)
		}
	}
}
