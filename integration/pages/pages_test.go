package pages

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

const root = "../.."

// here are the pages that this package runs. Package integration/kubernetes runs
// docs/runtimeclass.md in a cluster.
var here = []string{"README.md", "docs/ctr.md", "docs/denials.md", "docs/floor.md", "docs/metrics.md", "docs/recording.md", "docs/seccompctl.md"}

// peers are runc and its shim, in the folder of what only benchmarks need: no other test
// may find a runc. `make test` builds them.
var peers = []string{"runc", "containerd-shim-runc-v2"}

// builtPeers returns the paths of the peers, or none if one is not built.
func builtPeers() (paths []string) {
	for _, name := range peers {
		path, err := filepath.Abs(filepath.Join(testbed.BinDir(), "../bench", name))
		if _, statErr := os.Stat(path); err != nil || statErr != nil {
			return nil
		}
		paths = append(paths, path)
	}
	return paths
}

// Each block of each page is run, shows a part of a file, or has the reason why it is
// not tested.
func TestBlocksOfFiles(t *testing.T) {
	docs, err := filepath.Glob(root + "/docs/*.md")
	if err != nil || len(docs) == 0 {
		t.Fatal(docs, err)
	}
	for _, page := range append(docs, root+"/README.md") {
		blocks, err := Read(page)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Commands(blocks); err != nil {
			t.Errorf("%s: %v", page, err)
		}
		for _, b := range blocks {
			if b.Untested != "" {
				t.Logf("%s:%d is not tested: %s", page, b.Line, b.Untested)
			}
			if b.Needs != "" && !slices.Contains(peers, b.Needs) {
				t.Errorf("%s:%d needs %s, which no machine has", page, b.Line, b.Needs)
			}
			if b.File == "" {
				continue
			}
			text, err := os.ReadFile(filepath.Join(root, b.File))
			if err != nil || !strings.Contains(string(text), b.Text) {
				t.Errorf("%s:%d is not in %s (%v):\n%s", page, b.Line, b.File, err, b.Text)
			}
		}
	}
}

// Each page has a machine of its own, on which its commands are run in order.
func TestPages(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for namespaces and containers")
	}
	for _, page := range here {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			blocks, err := Read(filepath.Join(root, page))
			if err != nil {
				t.Fatal(err)
			}
			programs := builtPeers()
			commands, err := Commands(blocks, peers[:len(programs)]...)
			if err != nil {
				t.Fatal(err)
			}
			if len(programs) == 0 {
				t.Log("there is no runc: blocks that need it are not run")
			}
			shell := machine(t, programs)
			ctx, cancel := context.WithTimeout(context.Background(), testbed.Patient(2*time.Minute))
			defer cancel()
			for _, c := range commands {
				if err := shell.Run(ctx, c); err != nil {
					t.Fatalf("%s: %v", page, err)
				}
			}
		})
	}
}

var machines atomic.Int32

// machine returns a shell on a machine with containerd, busybox's image and programs.
func machine(t *testing.T, programs []string) *Shell {
	t.Helper()
	busybox, err := testbed.Busybox()
	if err != nil {
		t.Fatal(err)
	}
	var image bytes.Buffer
	rootfs := testbed.Rootfs{Files: busybox, Cmd: []string{"sh"}}
	if err := testbed.WriteImage(&image, "docker.io/library/busybox:1.37", rootfs); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(file, image.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.Abs(testbed.BinDir())
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("machine")
	if err != nil {
		t.Fatal(err)
	}
	namespace := fmt.Sprintf("pages-%d-%d", os.Getpid(), machines.Add(1)) // pages are run at the same time
	args := []string{"--mount", "--pid", "--fork", "--mount-proc", "--kill-child", script, t.TempDir(), bin, file, namespace}
	cmd := exec.Command("unshare", append(args, programs...)...)
	cmd.Dir = root
	shell, err := NewShell(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		shell.Close()
		// A page deletes its containers, but not the cgroup above theirs.
		for _, pattern := range []string{"/sys/fs/cgroup/", "/sys/fs/cgroup/*/"} {
			left, _ := filepath.Glob(pattern + namespace)
			for _, dir := range left {
				if err := os.Remove(dir); err != nil {
					t.Errorf("left on the host: %v", err)
				}
			}
		}
	})
	return shell
}
