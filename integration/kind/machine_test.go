package kind

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// needs returns what this machine lacks for a cluster of kind. kind itself would try to pull an
// image, or wait for a kubelet that cannot start.
func needs(controllers string, hasImage func(name string) bool) (missing []string) {
	for _, name := range []string{plainNode, kindNode, installerImage, echoImage, busyboxImage} {
		if !hasImage(name) {
			missing = append(missing, "image "+name)
		}
	}
	for _, name := range []string{"cpu", "memory", "pids"} {
		if !slices.Contains(strings.Fields(controllers), name) {
			missing = append(missing, "cgroup controller "+name+", delegated to docker")
		}
	}
	return missing
}

// mustBeReady fails before anything is made.
func mustBeReady(t *testing.T) {
	t.Helper()
	controllers, err := os.ReadFile("/sys/fs/cgroup/cgroup.controllers")
	if err != nil {
		t.Fatalf("no cgroup v2: %v", err)
	}
	missing := needs(string(controllers), func(name string) bool {
		return exec.Command("docker", "image", "inspect", name).Run() == nil
	})
	if len(missing) > 0 {
		t.Fatalf("missing: %s", strings.Join(missing, "; "))
	}
}

func TestNeeds(t *testing.T) {
	all := func(string) bool { return true }
	if got := needs("cpuset cpu io memory hugetlb pids rdma misc\n", all); len(got) > 0 {
		t.Errorf("a complete machine lacks %q", got)
	}
	want := []string{"image " + kindNode, "cgroup controller cpu, delegated to docker"}
	if got := needs("memory pids\n", func(name string) bool { return name != kindNode }); !slices.Equal(got, want) {
		t.Errorf("it lacks %q, want %q", got, want)
	}
}
