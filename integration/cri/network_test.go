package cri

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// echoPort is the port of the tutorial's program.
const echoPort = "5678"

// address returns the IP address of the pod.
func (p *pod) address(t *testing.T) string {
	t.Helper()
	status, err := kubelet.PodSandboxStatus(bounded(t), &cri.PodSandboxStatusRequest{PodSandboxId: p.id})
	if err != nil {
		t.Fatal(err)
	}
	ip := status.Status.GetNetwork().GetIp()
	if net.ParseIP(ip) == nil {
		t.Fatalf("the pod's address is %q", ip)
	}
	return ip
}

// get asks the tutorial's program for a path, and returns the answer or the error.
func get(host, path string) string {
	return getFrom(net.JoinHostPort(host, echoPort), path)
}

func getFrom(hostPort, path string) string {
	client := http.Client{Timeout: patience}
	response, err := client.Get("http://" + hostPort + path)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(body), "\n")
}

// serve starts the tutorial's program under its profile, and returns the address at
// which it serves the text.
func (p *pod) serve(t *testing.T, text string) (address string) {
	t.Helper()
	server := newContainerConfig("server", "-text="+text)
	server.Image.Image = echoImage
	server.Linux.SecurityContext.Seccomp = localhost("profiles/fine-grained.json")
	p.start(t, server)
	address = p.address(t)
	eventually(t, "it serves", func() bool { return get(address, "/") == text })
	return address
}

// The node and other pods reach a pod at its address.
func TestPodNetwork(t *testing.T) {
	t.Parallel()
	p := runPod(t, newPodConfig(t))
	address := p.serve(t, "hello")
	other := runPod(t, newPodConfig(t)).hold(t, under("client", runtimeDefault(), probes...))
	got := other.exec(t, "/bin/busybox", "wget", "-qO-", "http://"+net.JoinHostPort(address, echoPort)+"/syscall/keyctl")
	if string(got.Stdout) != "keyctl: EPERM\n" {
		t.Errorf("another pod gets %q, %s", got.Stdout, got.Stderr)
	}
}
