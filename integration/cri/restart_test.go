package cri

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"
	"k8s.io/client-go/tools/remotecommand"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// view is what a kubelet learns about a pod when it starts.
type view struct {
	pods       []*cri.PodSandbox
	containers []*cri.Container
	statuses   []*cri.ContainerStatus
}

func (p *pod) seenBy(t *testing.T, k *connection) view {
	t.Helper()
	pods, err := k.ListPodSandbox(bounded(t), &cri.ListPodSandboxRequest{Filter: &cri.PodSandboxFilter{Id: p.id}})
	if err != nil {
		t.Fatal(err)
	}
	containers, err := k.ListContainers(bounded(t), &cri.ListContainersRequest{Filter: &cri.ContainerFilter{PodSandboxId: p.id}})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(containers.Containers, func(a, b *cri.Container) int { return strings.Compare(a.Id, b.Id) })
	v := view{pods: pods.Items, containers: containers.Containers}
	for _, c := range v.containers {
		status, err := k.ContainerStatus(bounded(t), &cri.ContainerStatusRequest{ContainerId: c.Id})
		if err != nil {
			t.Fatal(err)
		}
		v.statuses = append(v.statuses, status.Status)
	}
	return v
}

func (v view) equal(other view) bool {
	return slices.EqualFunc(v.pods, other.pods, func(a, b *cri.PodSandbox) bool { return proto.Equal(a, b) }) &&
		slices.EqualFunc(v.containers, other.containers, func(a, b *cri.Container) bool { return proto.Equal(a, b) }) &&
		slices.EqualFunc(v.statuses, other.statuses, func(a, b *cri.ContainerStatus) bool { return proto.Equal(a, b) })
}

// A restarted kubelet finds its pods, also if containerd was restarted too, and the
// pods go on. No other test runs meanwhile.
func TestKubeletAndContainerdRestart(t *testing.T) {
	p := runPod(t, newPodConfig(t))
	first := p.hold(t, under("first", runtimeDefault(), probes...))
	second := p.hold(t, under("second", localhost(denyPgid), probes...))
	ended := newContainerConfig("ended", "/bin/sh", "-c", "exit 3")
	ended.Linux.SecurityContext.Seccomp = runtimeDefault()
	gone := p.start(t, ended)
	eventually(t, "it has exited", func() bool { return gone.status(t).State == cri.ContainerState_CONTAINER_EXITED })
	talker := newContainerConfig("talker", "/bin/sh", "-c", "while :; do [ -e /said ] && cat /said && busybox rm /said; sleep 0.02; done")
	talker.Linux.SecurityContext.Seccomp = runtimeDefault()
	talks := p.start(t, talker)
	listener := newContainerConfig("listener", "/bin/cat")
	listener.Linux.SecurityContext.Seccomp = runtimeDefault()
	listener.Stdin = true
	listens := p.start(t, listener)

	before := p.seenBy(t, kubelet)
	if len(before.pods) != 1 || len(before.containers) != 5 {
		t.Fatalf("there are %v", before)
	}
	pids := []int{first.pid(t), second.pid(t)}
	for _, restart := range []func(){
		func() {},
		func() {
			if err := node.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		restart()
		reconnect(t)
		if after := p.seenBy(t, kubelet); !after.equal(before) {
			t.Errorf("before:\n%v\nafter:\n%v", before, after)
		}
		if got := []int{first.pid(t), second.pid(t)}; !reflect.DeepEqual(got, pids) {
			t.Errorf("the pids are %v, were %v", got, pids)
		}
		first.mustShow(t, isDefault)
		second.mustShow(t, isDenyPgid)
		talks.exec(t, "/bin/sh", "-c", "echo words >/new; busybox mv /new /said")
		eventually(t, "the log goes on", func() bool { return strings.HasSuffix(talks.output(t, "stdout"), "words\n") })
		listens.attachAndWrite(t, "heard\n")
		p.mustTakeAnother(t)
		before = p.seenBy(t, kubelet)
	}
	if got := strings.Count(talks.output(t, "stdout"), "words\n"); got != 2 {
		t.Errorf("the log has %d lines of 2", got)
	}
	if got := listens.output(t, "stdout"); got != "heard\nheard\n" {
		t.Errorf("the one that was attached to twice heard %q", got)
	}
}

// A container that ends while containerd is down has its own exit code afterwards, and not
// 255, which containerd gives to containers whose shim has no task. No other test runs
// meanwhile.
func TestExitWhileContainerdIsDown(t *testing.T) {
	if !node.KeepsStoppedTasks() {
		t.Skip("this containerd deletes stopped tasks when it starts: ", node.Version())
	}
	p := runPod(t, newPodConfig(t))
	signal := filepath.Join(t.TempDir(), "end")
	ending := newContainerConfig("ending", "/bin/sh", "-c", "until [ -e /signals/end ]; do sleep 0.02; done; exit 3")
	ending.Linux.SecurityContext.Seccomp = runtimeDefault()
	ending.Mounts = append(ending.Mounts, &cri.Mount{ContainerPath: "/signals", HostPath: filepath.Dir(signal)})
	ends := p.start(t, ending)
	pid := ends.pid(t)
	node.Kill()
	if err := os.WriteFile(signal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it has exited", func() bool { return syscall.Kill(pid, 0) != nil })
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	reconnect(t)
	if s := ends.status(t); s.State != cri.ContainerState_CONTAINER_EXITED || s.ExitCode != 3 {
		t.Errorf("it is %v with exit code %d: %s", s.State, s.ExitCode, s.Reason)
	}
}

// attachAndWrite attaches to a container that logs its input, writes a line, and detaches.
func (c *container) attachAndWrite(t *testing.T, words string) {
	t.Helper()
	before := strings.Count(c.output(t, "stdout"), words)
	got, err := kubelet.Attach(bounded(t), &cri.AttachRequest{ContainerId: c.id, Stdin: true, Stdout: true})
	if err != nil {
		t.Fatal(err)
	}
	in, leave := io.Pipe()
	left := make(chan error, 1)
	go func() {
		left <- stream(bounded(t), t, got.Url, remotecommand.StreamOptions{Stdin: in, Stdout: io.Discard})
	}()
	if _, err := io.WriteString(leave, words); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the words are heard", func() bool { return strings.Count(c.output(t, "stdout"), words) > before })
	leave.Close()
	if err := <-left; err != nil {
		t.Error(err)
	}
}

// reconnect connects as a new kubelet.
func reconnect(t *testing.T) {
	t.Helper()
	k, err := connect()
	if err != nil {
		t.Fatal(err)
	}
	if err := kubelet.conn.Close(); err != nil {
		t.Error(err)
	}
	kubelet = k
}

// mustTakeAnother adds a container to the pod, and removes it.
func (p *pod) mustTakeAnother(t *testing.T) {
	t.Helper()
	c := p.hold(t, under("another", localhost(denyPgid), probes...))
	c.mustShow(t, isDenyPgid)
	if _, err := kubelet.StopContainer(bounded(t), &cri.StopContainerRequest{ContainerId: c.id}); err != nil {
		t.Error(err)
	}
	if _, err := kubelet.RemoveContainer(bounded(t), &cri.RemoveContainerRequest{ContainerId: c.id}); err != nil {
		t.Error(err)
	}
}
