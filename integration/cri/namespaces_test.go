package cri

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
	"golang.org/x/sys/unix"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
)

// hostID is what root of a pod's user namespace is on the node.
const hostID = 200000

// A pod with hostUsers: false has its profile like any other.
func TestUserNamespacedPod(t *testing.T) {
	t.Parallel()
	needNode(t)
	if !node.CRIAsksForFeatures() {
		t.Skipf("containerd %s has no user namespaces for this runtime", node.Version())
	}
	needMappedMounts(t)
	mapping := []*cri.IDMapping{{ContainerId: 0, HostId: hostID, Length: 65536}}
	users := &cri.UserNamespace{Mode: cri.NamespaceMode_POD, Uids: mapping, Gids: mapping}
	for _, row := range []struct {
		fact    string
		profile *cri.SecurityProfile
		want    behaviour
	}{
		{"RuntimeDefault", runtimeDefault(), isDefault},
		{"Localhost", localhost(denyPgid), isDenyPgid},
		{"unset", nil, isUnconfined},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = users
			c := under("c", row.profile, probes...)
			c.Linux.SecurityContext.NamespaceOptions.UsernsOptions = users
			held := runPod(t, config).hold(t, c)
			held.mustShow(t, row.want)
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", held.pid(t)))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(status), fmt.Sprintf("\nUid:\t%d\t", hostID)) {
				t.Errorf("init is not user %d on the node:\n%s", hostID, status)
			}
		})
	}
}

// needMappedMounts skips a test where the root file system of such a pod cannot be
// made: on tmpfs before Linux 6.3.
func needMappedMounts(t *testing.T) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	mapping := []syscall.SysProcIDMap{{ContainerID: 0, HostID: hostID, Size: 65536}}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER, UidMappings: mapping, GidMappings: mapping}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	users, err := os.Open(fmt.Sprintf("/proc/%d/ns/user", cmd.Process.Pid))
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // says that it was killed
	if err != nil {
		t.Fatal(err)
	}
	defer users.Close()
	target := t.TempDir()
	err = mount.IDMapMount(node.Dir(), target, int(users.Fd()))
	if errors.Is(err, unix.EINVAL) {
		t.Skipf("the file system of %s cannot be mounted for other users: %v", node.Dir(), err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}

// The process that holds a pod's namespaces is under RuntimeDefault, also if the
// pod's annotations name another profile. In a privileged pod only annotations name
// a profile; the files that they name are not for this process there either.
func TestSandboxProcess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact       string
		privileged bool
		annotation string
		filters    int
	}{
		{"a pod", false, "unconfined", 1},
		{"a privileged pod", true, "unconfined", 0},
		{"a privileged pod with a profile", true, "runtime/default", 1},
		{"a privileged pod with a file", true, "localhost/profiles/violation.json", 1}, // which lets nothing start
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Linux.SecurityContext.Privileged = row.privileged
			config.Annotations[alphaPod] = row.annotation
			p := runPod(t, config)
			status, err := kubelet.PodSandboxStatus(bounded(t), &cri.PodSandboxStatusRequest{PodSandboxId: p.id, Verbose: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(programsOf(t, pidIn(t, status.Info))); got != row.filters {
				t.Errorf("it has %d programs, not %d", got, row.filters)
			}
		})
	}
}

// In a pod with shareProcessNamespace: true containers see each other, and each
// has its own profile.
func TestSharedProcessNamespace(t *testing.T) {
	t.Parallel()
	config := newPodConfig(t)
	config.Linux.SecurityContext.NamespaceOptions.Pid = cri.NamespaceMode_POD
	p := runPod(t, config)
	together := func(c *cri.ContainerConfig) *container {
		c.Linux.SecurityContext.NamespaceOptions.Pid = cri.NamespaceMode_POD
		return p.hold(t, c)
	}
	a := together(under("a", runtimeDefault(), probes...))
	b := together(under("b", localhost(denyPgid), probes...))
	c := together(under("c", nil, probes...))
	a.mustShow(t, isDefault)
	b.mustShow(t, isDenyPgid)
	c.mustShow(t, isUnconfined)
	for _, who := range []*container{a, b, c} {
		seen := string(who.exec(t, "/bin/sh", "-c", "cat /proc/[0-9]*/cmdline").Stdout)
		if got := strings.Count(seen, steps.Program+"\x00"); got != 3 {
			t.Errorf("sees %d of 3 containers: %q", got, seen)
		}
		if !strings.Contains(seen, "/bin/sleep\x00") {
			t.Errorf("does not see the pod's own process: %q", seen)
		}
	}
}

// A container without a shared namespace sees itself alone, unless it is
// kubectl debug's, with the namespace of the container that it is for.
func TestProcessNamespaceOfAnother(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	target := p.hold(t, under("target", localhost(denyPgid), probes...))
	debug := under("debug", runtimeDefault(), probes...)
	debug.Linux.SecurityContext.NamespaceOptions.Pid = cri.NamespaceMode_TARGET
	debug.Linux.SecurityContext.NamespaceOptions.TargetId = target.id
	debugger := p.hold(t, debug)
	alone := p.hold(t, under("alone", runtimeDefault(), probes...))
	target.mustShow(t, isDenyPgid)
	debugger.mustShow(t, isDefault)
	for who, want := range map[*container]int{target: 2, debugger: 2, alone: 1} {
		seen := string(who.exec(t, "/bin/sh", "-c", "cat /proc/[0-9]*/cmdline").Stdout)
		if got := strings.Count(seen, steps.Program+"\x00"); got != want {
			t.Errorf("sees %d of %d containers: %q", got, want, seen)
		}
	}
}

// A pod with the node's network, processes and IPC, as the system's own are.
func TestNodeNamespaces(t *testing.T) {
	t.Parallel()
	node := &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_NODE, Ipc: cri.NamespaceMode_NODE}
	config := newPodConfig(t)
	config.Hostname = ""
	config.Linux.SecurityContext.NamespaceOptions = node
	c := under("c", runtimeDefault(), probes...)
	c.Linux.SecurityContext.NamespaceOptions = node
	held := runPod(t, config).hold(t, c)
	held.mustShow(t, isDefault)
	seen := held.exec(t, "/bin/sh", "-c", "[ -d /proc/$0 ]", strconv.Itoa(os.Getpid()))
	if seen.ExitCode != 0 {
		t.Error("it does not see the node's processes")
	}
}
