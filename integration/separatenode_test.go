package integration

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// separateNode is a containerd of one test, for what would disturb the other tests. It has the
// test image.
type separateNode struct {
	*testbed.Node
	t   *testing.T
	log *containerdLog
}

func startSeparateNode(t *testing.T, bin string) *separateNode {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	n := &separateNode{t: t, log: &containerdLog{}}
	var err error
	if n.Node, err = testbed.Start(t.Context(), testbed.Options{Bin: bin, Log: n.log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := n.Import(t.Context(), imageName, testbed.Rootfs{Files: programs}); err != nil {
		t.Fatal(err)
	}
	return n
}

// must runs ctr, which ends with an exit code, and returns its stdout.
func (n *separateNode) must(code int, args ...string) string {
	n.t.Helper()
	got, err := n.Ctr(bounded(n.t), args...)
	if err != nil || got.ExitCode != code {
		n.t.Fatalf("containerd %s: ctr %s: %+v, %v", n.Version(), strings.Join(args, " "), got, err)
	}
	return got.Stdout
}

// pid returns the pid of a container's init; 0 if it does not run.
func (n *separateNode) pid(id string) uint32 {
	n.t.Helper()
	for line := range strings.Lines(n.must(0, "task", "ls")) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == id && fields[2] == "RUNNING" {
			pid, err := strconv.ParseUint(fields[1], 10, 32)
			if err != nil {
				n.t.Fatal(err)
			}
			return uint32(pid)
		}
	}
	return 0
}

func (n *separateNode) remove(id string) {
	n.t.Helper()
	n.must(0, "task", "rm", "--force", id)
	n.must(0, "container", "rm", id)
}

// linkBinaries makes a folder of links to containerd and ctr, and to further files by their
// names.
func linkBinaries(t *testing.T, further map[string]string) (bin string) {
	t.Helper()
	bin = t.TempDir()
	links := map[string]string{}
	for _, name := range []string{"containerd", "ctr"} {
		links[name] = filepath.Join(testbed.BinDir(), name)
	}
	maps.Copy(links, further)
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return bin
}
