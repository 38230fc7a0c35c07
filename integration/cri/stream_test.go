package cri

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
)

// stream connects to the address that containerd names for a stream, as the API server
// does for kubectl.
func stream(ctx context.Context, t *testing.T, address string, options remotecommand.StreamOptions) error {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	executor, err := remotecommand.NewSPDYExecutor(&rest.Config{}, http.MethodPost, target)
	if err != nil {
		t.Fatal(err)
	}
	return executor.StreamWithContext(ctx, options)
}

func (c *container) execAddress(t *testing.T, request *cri.ExecRequest) string {
	t.Helper()
	request.ContainerId = c.id
	got, err := kubelet.Exec(bounded(t), request)
	if err != nil {
		t.Fatal(err)
	}
	return got.Url
}

// kubectl exec with all streams. Its process is under the container's profile.
func TestExec(t *testing.T) {
	t.Parallel()
	c := runPod(t, newPodConfig(t)).hold(t, under("c", localhost(denyPgid), probes...))
	address := c.execAddress(t, &cri.ExecRequest{Cmd: steps.Args(probes...), Stdout: true, Stderr: true})
	var out, errOut bytes.Buffer
	if err := stream(bounded(t), t, address, remotecommand.StreamOptions{Stdout: &out, Stderr: &errOut}); err != nil {
		t.Error(err)
	}
	mustAnswer(t, "an exec", out.String(), isDenyPgid)

	out.Reset()
	address = c.execAddress(t, &cri.ExecRequest{Cmd: []string{"/bin/sh", "-c", "cat; echo err >&2; exit 5"}, Stdin: true, Stdout: true, Stderr: true})
	err := stream(bounded(t), t, address, remotecommand.StreamOptions{Stdin: strings.NewReader("in"), Stdout: &out, Stderr: &errOut})
	if out.String() != "in" || errOut.String() != "err\n" {
		t.Errorf("got %q and %q", out.String(), errOut.String())
	}
	if err == nil || !strings.Contains(err.Error(), "exit code 5") {
		t.Errorf("the exit code is told as %v", err)
	}
}

// kubectl exec -i ends with its input, however long the input is, also if the program
// closes its stdin before.
func TestExecEndsWithInput(t *testing.T) {
	t.Parallel()
	c := runPod(t, newPodConfig(t)).hold(t, under("c", runtimeDefault(), probes...))
	exec := func(input io.Reader, script string) (string, error) {
		address := c.execAddress(t, &cri.ExecRequest{Cmd: []string{"/bin/sh", "-c", script}, Stdin: true, Stdout: true})
		var out bytes.Buffer
		err := stream(bounded(t), t, address, remotecommand.StreamOptions{Stdin: input, Stdout: &out})
		return out.String(), err
	}
	for _, size := range []int{0, 4, 64 << 10, 1 << 20} {
		for range 10 {
			if got, err := exec(bytes.NewReader(make([]byte, size)), "busybox wc -c"); err != nil || got != fmt.Sprintln(size) {
				t.Fatalf("%d bytes: got %q, %v", size, got, err)
			}
		}
	}
	for range 8 {
		if got, err := exec(bytes.NewReader(make([]byte, 1<<20)), "exec <&-; sleep 0.3; echo lives"); err != nil || got != "lives\n" {
			t.Fatalf("a program that closes its stdin: got %q, %v", got, err)
		}
	}
}

// sizes sends one size of a terminal.
type sizes chan *remotecommand.TerminalSize

func (s sizes) Next() *remotecommand.TerminalSize { return <-s }

// kubectl exec -t has a terminal of the client's size.
func TestExecWithTerminal(t *testing.T) {
	t.Parallel()
	c := runPod(t, newPodConfig(t)).hold(t, under("c", runtimeDefault(), probes...))
	address := c.execAddress(t, &cri.ExecRequest{
		Cmd: []string{"/bin/sh", "-c", `while [ "$(stty size 2>&1)" != "33 77" ]; do sleep 0.02; done; stty size`},
		Tty: true, Stdin: true, Stdout: true,
	})
	size := make(sizes, 1)
	size <- &remotecommand.TerminalSize{Height: 33, Width: 77}
	defer close(size)
	var out bytes.Buffer
	in, hold := io.Pipe()
	defer hold.Close()
	if err := stream(bounded(t), t, address, remotecommand.StreamOptions{Stdin: in, Stdout: &out, Tty: true, TerminalSizeQueue: size}); err != nil {
		t.Error(err)
	}
	if out.String() != "33 77\r\n" {
		t.Errorf("got %q", out.String())
	}
}

// kubectl attach: the client's input reaches init, whose output reaches the client and
// the log.
func TestAttach(t *testing.T) {
	t.Parallel()
	config := newContainerConfig("c", "/bin/cat")
	config.Stdin, config.StdinOnce = true, true
	config.Linux.SecurityContext.Seccomp = runtimeDefault()
	c := runPod(t, newPodConfig(t)).start(t, config)
	got, err := kubelet.Attach(bounded(t), &cri.AttachRequest{ContainerId: c.id, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	options := remotecommand.StreamOptions{Stdin: strings.NewReader("said\n"), Stdout: &out, Stderr: &errOut}
	if err := stream(bounded(t), t, got.Url, options); err != nil {
		t.Error(err)
	}
	if out.String() != "said\n" || errOut.Len() > 0 {
		t.Errorf("got %q and %q", out.String(), errOut.String())
	}
	// The container reads its stdin from one client only (stdinOnce).
	eventually(t, "cat has ended", func() bool { return c.status(t).State == cri.ContainerState_CONTAINER_EXITED })
	if text := c.output(t, "stdout"); text != "said\n" {
		t.Errorf("the log has %q", text)
	}
}

// kubectl port-forward to a server whose profile allows only the tutorial's calls.
func TestPortForward(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	p.serve(t, "forwarded") // a connection before the server listens would end the forwarding
	local := p.forward(t)
	for path, want := range map[string]string{"/": "forwarded", "/syscall/keyctl": "keyctl: EPERM"} {
		if got := getFrom(local, path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// forward returns a local address that leads to the pod's echoPort.
func (p *pod) forward(t *testing.T) string {
	t.Helper()
	got, err := kubelet.PortForward(bounded(t), &cri.PortForwardRequest{PodSandboxId: p.id})
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(got.Url)
	if err != nil {
		t.Fatal(err)
	}
	transport, upgrader, err := spdy.RoundTripperFor(&rest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, target)
	stop, ready, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:" + echoPort}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	go func() { done <- forwarder.ForwardPorts() }()
	t.Cleanup(func() {
		close(stop)
		if err := <-done; err != nil {
			t.Errorf("forward: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("forward: %v", err)
	case <-time.After(patience):
		t.Fatal("nothing is forwarded")
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", ports[0].Local)
}
