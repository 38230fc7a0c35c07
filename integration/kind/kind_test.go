// Package kind tests deploy/kind with kind itself, on docker: it makes a cluster by its
// configuration, and plays the tutorial by kubectl. It runs on a virtual machine that has docker,
// kind and all images: `make e2e-kind`.
package kind

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const (
	// patience is the limit of a step on an emulated machine.
	patience = 30 * time.Minute

	// plainNode is the image of kind's node without the handler, and kindNode that with it.
	plainNode      = "localhost/node:latest"
	kindNode       = "seccomp-shim.invalid/node:local"
	installerImage = "seccomp-shim.invalid/installer:local"
	echoImage      = "docker.io/hashicorp/http-echo:1.0"
	busyboxImage   = "docker.io/library/busybox:1.37"

	controlPlane = "kind-control-plane"
	worker       = "kind-worker"
)

// filesDir is the folder with the files of the tests. It is set only on the virtual machine,
// because the tests make a cluster.
var filesDir = os.Getenv("SECCOMP_SHIM_KIND")

// output returns what a command prints.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := try(t, nil, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

// try runs a command with that input, in deploy/kind. Its output is shown as it comes.
func try(t *testing.T, input []byte, name string, args ...string) (string, error) {
	t.Helper()
	began := time.Now()
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join(filesDir, "deploy/kind")
	cmd.Stdin = bytes.NewReader(input)
	// The machine is stopped if it prints nothing for minutes: see integration/vm/watch.
	ended := make(chan struct{})
	defer close(ended)
	go reportEachMinute(ended, name+" "+strings.Join(args, " "))
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, os.Stdout)
	cmd.Stderr = cmd.Stdout
	err := cmd.Run()
	t.Logf("%4.0fs %s %s", time.Since(began).Seconds(), name, strings.Join(args, " "))
	return strings.TrimSpace(out.String()), err
}

// reportEachMinute prints what is being waited for.
func reportEachMinute(ended <-chan struct{}, what string) {
	for minutes := 1; ; minutes++ {
		select {
		case <-ended:
			return
		case <-time.After(time.Minute):
			fmt.Printf("%d min: %s\n", minutes, what)
		}
	}
}

// kubectl returns what kubectl prints. While the API server does not answer it tries again: the
// kubelet of a machine that is emulated and busy can take it for dead, and restart it.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return apply(t, nil, args...)
}

// apply is kubectl with an input.
func apply(t *testing.T, input []byte, args ...string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Second) {
		out, err := try(t, input, "kubectl", args...)
		if err == nil {
			return out
		}
		if !unanswered.MatchString(out) || time.Now().After(deadline) {
			t.Fatalf("kubectl %s: %v", strings.Join(args, " "), err)
		}
	}
}

// unanswered matches what kubectl says if the API server does not answer.
var unanswered = regexp.MustCompile(`was refused|connection refused|handshake timeout|i/o timeout|unexpected EOF|etcdserver: |Client.Timeout`)

// onNode runs a command on a node, which is a container of docker.
func onNode(t *testing.T, node string, args ...string) string {
	t.Helper()
	return output(t, "docker", append([]string{"exec", node}, args...)...)
}

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Second) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// object is a Kubernetes object as a manifest has it.
type object map[string]any

func (o object) part(names ...string) object {
	for _, name := range names {
		next, ok := o[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			o[name] = next
		}
		o = next
	}
	return o
}

func readObject(t *testing.T, file string) object {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filesDir, file))
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := yaml.Unmarshal(text, &o); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return o
}

func encode(t *testing.T, o object) []byte {
	t.Helper()
	text, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
