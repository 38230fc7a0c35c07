package integration

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

const namespaceAnnotation = "io.kubernetes.cri.sandbox-namespace"

// lingering is more than a shim of several pods stays without work: it looks after 20
// seconds, and stays for 20 seconds after a start.
const lingering = 45 * time.Second

// podOf is the pod of a container, as containerd's CRI plugin names it.
type podOf struct{ sandbox, namespace string }

// runGrouped starts a container of a pod, and returns the pid of its shim.
func (n *separateNode) runGrouped(groupBy, id string, pod podOf, args ...string) (shim int) {
	n.t.Helper()
	config := filepath.Join(n.t.TempDir(), "options.toml")
	if err := os.WriteFile(config, []byte("group_by = \""+groupBy+"\"\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
	if len(args) == 0 {
		args = []string{"/bin/sleep", "1000"}
	}
	n.must(0, append([]string{"run", "-d", "--null-io", "--seccomp", "--memory-limit", strconv.Itoa(memoryLimit),
		"--runtime", runtimeName, "--runtime-config-path", config,
		"--annotation", sandboxAnnotation + "=" + pod.sandbox, "--annotation", namespaceAnnotation + "=" + pod.namespace,
		imageName, id}, args...)...)
	return shimOf(n.t, n.pid(id))
}

// A shim can serve more than a pod. Its tests have one node, and wait at the end for all
// shims.
func TestGroupBy(t *testing.T) {
	t.Parallel()
	n := startSeparateNode(t, testbed.BinDir())
	shims := map[int]bool{}
	for _, part := range []struct {
		fact string
		test func(*separateNode, map[int]bool)
	}{
		{"who shares", testWhoShares},
		{"it waits for the next pod", testWideShimWaits},
		{"it is killed", testWideShimIsKilled},
		{"OOM", testWideShimAndOOM},
	} {
		t.Run(part.fact, func(t *testing.T) {
			node := *n
			node.t = t
			part.test(&node, shims)
		})
	}
	for shim := range shims {
		if !testbed.HoldsWithin(lingering, func() bool { return !isAlive(shim) }) {
			t.Errorf("shim %d has not ended after %v", shim, lingering)
		}
	}
}

// The option says whose containers share a shim: pods, pods of one namespace, all of a
// handler. A handler with other options has a shim of its own.
func testWhoShares(n *separateNode, shims map[int]bool) {
	for _, row := range []struct {
		groupBy string
		shared  [3]bool // with the first: the same pod, another pod, a pod of another namespace
	}{
		{"pod", [3]bool{true, false, false}},
		{"namespace", [3]bool{true, true, false}},
		{"node", [3]bool{true, true, true}},
	} {
		first := n.runGrouped(row.groupBy, "first", podOf{"one", "a"})
		if shims[first] {
			n.t.Errorf("group_by %s: shim %d is that of another handler", row.groupBy, first)
		}
		shims[first] = true
		for i, pod := range []podOf{{"one", "a"}, {"two", "a"}, {"three", "b"}} {
			shim := n.runGrouped(row.groupBy, "c"+strconv.Itoa(i), pod)
			if (shim == first) != row.shared[i] {
				n.t.Errorf("group_by %s: %+v has shim %d, the first %d", row.groupBy, pod, shim, first)
			}
			shims[shim] = true
		}
		n.remove("first")
		for i := range row.shared {
			id := "c" + strconv.Itoa(i)
			n.mustExec(id)
			n.remove(id)
		}
	}
}

// The start of a pod races the end of the last one, and gets its shim.
func testWideShimWaits(n *separateNode, shims map[int]bool) {
	shim := n.runGrouped("node", "a", podOf{"one", "a"})
	shims[shim] = true
	for range 5 {
		n.remove("a")
		if next := n.runGrouped("node", "a", podOf{"two", "b"}); next != shim {
			n.t.Fatalf("shim %d follows %d", next, shim)
		}
	}
	n.remove("a")
}

// When a shared shim is killed, every container that it served ends and is reported, and
// nothing is left; the next pod gets a new shim.
func testWideShimIsKilled(n *separateNode, shims map[int]bool) {
	ids := []string{"k1", "k2", "k3"}
	pids := map[string]uint32{}
	var shim int
	for _, id := range ids {
		shim = n.runGrouped("node", id, podOf{"pod-" + id, "ns-" + id})
		pids[id] = n.pid(id)
	}
	if err := syscall.Kill(shim, syscall.SIGKILL); err != nil {
		n.t.Fatal(err)
	}
	for _, id := range ids {
		if !testbed.HoldsWithin(patience, func() bool { return !isAlive(int(pids[id])) && n.pid(id) == 0 }) {
			n.t.Errorf("%s lives after its shim", id)
		}
	}
	next := n.runGrouped("node", "k4", podOf{"one", "a"})
	if shims[next] = true; next == shim {
		n.t.Error("the shim is the killed one")
	}
	n.mustExec("k4")
	n.remove("k4")
	for _, id := range ids {
		n.must(0, "container", "rm", id)
		if left := n.AwaitGone(id); len(left) > 0 {
			n.t.Errorf("left of %s:\n  %s", id, strings.Join(left, "\n  "))
		}
	}
}

// OOM is of one container of the shim, and the others go on.
func testWideShimAndOOM(n *separateNode, shims map[int]bool) {
	shims[n.runGrouped("node", "good", podOf{"one", "a"})] = true
	n.runGrouped("node", "greedy", podOf{"two", "b"}, "/bin/busybox", "tail", "/dev/zero")
	if !testbed.HoldsWithin(patience, func() bool { return n.pid("greedy") == 0 }) {
		n.t.Error("the OOM killer has not hit")
	}
	n.mustExec("good")
	n.remove("greedy")
	n.remove("good")
}
