package integration

import (
	"maps"
	"os"
	"path/filepath"
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
