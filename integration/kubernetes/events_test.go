package kubernetes

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	posting "seccomp-shim/cmd/seccomp-exporter/events"
	"seccomp-shim/seccomp/denials"
)

// exporterToken is a token of the exporter's service account, which has the rights that
// deploy/exporter/events.yaml gives it.
const exporterToken = "exporter-token,system:serviceaccount:seccomp-exporter:seccomp-exporter,3\n"

// `kubectl describe pod` shows the exporter's event while the pod runs. The rights of
// deploy/exporter/events.yaml are enough for it, and without them the exporter says so.
func TestEvent(t *testing.T) {
	prepareNode(t)
	said := make(chan string, 10)
	token, _, _ := strings.Cut(exporterToken, ",")
	config := &rest.Config{Host: apiserverURL, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAFile: filepath.Join(certificates, "apiserver.crt")}}
	run := func(pod string) {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		poster, err := posting.New(config, denials.Dir, nodeName, func(err error) { said <- err.Error() })
		if err != nil {
			t.Fatal(err)
		}
		go poster.Run(ctx)
		time.Sleep(time.Second) // after its first look, what it sees is new
		startPod(t, pod, fmt.Sprintf(failingPod, pod, "mkdir /tmp/new; trap exit TERM; sleep 1000 & wait"))
	}
	run("without-rights")
	select {
	case text := <-said:
		if !strings.Contains(text, "post an event on pod default/without-rights: events is forbidden") {
			t.Errorf("it says %q", text)
		}
	case <-time.After(podTimeout):
		t.Error("it says nothing")
	}
	rights := fromRoot("deploy/exporter/events.yaml")
	kubectl(t, "apply", "-f", rights)
	t.Cleanup(func() { kubectl(t, "delete", "-f", rights) })
	run("refused")
	describe(t, "refused", "SeccompDenied", "seccomp-exporter", "mkdir ×1: ERRNO(1 operation not permitted) by syscalls[0]")
	if phase := field(t, "refused", ".status.phase"); phase != "Running" {
		t.Errorf("the pod is %s", phase)
	}
}
