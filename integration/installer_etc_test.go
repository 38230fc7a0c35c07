package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// files are the files of a node's /etc/containerd, and its folders, whose names end in
// a slash. DIR stands for the path of /etc/containerd.
type files map[string]string

// newConfig makes a node without a running containerd. RESTART appends a line to a
// file.
func newConfig(t *testing.T, on string, etc files) *installation {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	if !strings.Contains(on, major()) {
		t.Skipf("is about containerd %s.x, this is %s", strings.Join(strings.Split(on, ""), ".x and "), node.Version())
	}
	in := newInstallation(t)
	write(t, in.path("restart"), fmt.Appendf(nil, "#!/bin/sh\necho >>%s\n", in.path("restarts")))
	in.env = append(in.env, "RESTART="+in.path("restart"))
	in.serveCRI(t)
	for name, text := range etc {
		if text == "DEFAULT" {
			out, err := exec.Command(filepath.Join(in.bin, "containerd"), "config", "default").Output()
			if err != nil {
				t.Fatal(err)
			}
			text = string(bytes.ReplaceAll(out, []byte("/etc/containerd"), []byte(in.path("etc"))))
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(filepath.Join(in.path("etc"), name), 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		write(t, filepath.Join(in.path("etc"), name), []byte(strings.ReplaceAll(text, "DIR", in.path("etc"))))
	}
	return in
}

// major returns the first number of the version of the containerd under test.
func major() string {
	n, _, _ := strings.Cut(strings.TrimPrefix(node.Version(), "v"), ".")
	return n
}

// criPlugin returns the CRI plugin in which this containerd looks for handlers.
func criPlugin() string {
	if major() == "1" {
		return "io.containerd.grpc.v1.cri"
	}
	return "io.containerd.cri.v1.runtime"
}

// read returns the files in /etc/containerd, and the folders that are empty.
func (in *installation) read(t *testing.T) files {
	t.Helper()
	found := files{}
	for _, pattern := range []string{"*", "*/*"} {
		names, _ := filepath.Glob(filepath.Join(in.path("etc"), pattern)) // no bad pattern
		for _, name := range names {
			rel, _ := filepath.Rel(in.path("etc"), name)
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
				found[rel] = string(read(t, name))
			} else if err == nil && info.IsDir() {
				found[rel+"/"] = ""
			}
		}
	}
	return found
}

func (in *installation) mustHave(t *testing.T, want files) {
	t.Helper()
	got := in.read(t)
	for name := range got {
		if text, ok := want[name]; !ok || text != got[name] {
			t.Errorf("%s is\n%s\nwas\n%s", name, got[name], want[name])
		}
	}
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

func (in *installation) mustHaveRestarted(t *testing.T, want int) {
	t.Helper()
	data, _ := os.ReadFile(in.path("restarts")) // the file is absent if there was no restart
	if got := len(data); got != want {
		t.Errorf("containerd was restarted %d times, want %d", got, want)
	}
}

// mustHaveHandler checks that the handler is where this containerd's CRI plugin looks
// for it.
func (in *installation) mustHaveHandler(t *testing.T) {
	t.Helper()
	table := fmt.Sprintf("[plugins.'%s'.containerd.runtimes.seccomp]", criPlugin())
	if got := strings.ReplaceAll(in.dump(t), `"`, "'"); !strings.Contains(got, table) {
		t.Errorf("%s is not in\n%s", table, got)
	}
}
