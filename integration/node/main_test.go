// Package node tests how deploy/ changes a node. It runs on a virtual machine that boots
// kind's node image as `make kind-image` builds it: `make test-node`.
package node

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/testbed"
)

const (
	socket    = "/run/containerd/containerd.sock"
	testImage = "docker.io/library/test:latest"
	config    = "/etc/containerd/config.toml"
	shim      = "/usr/local/bin/containerd-shim-seccomp-v1"
)

// filesDir is the folder with the files of the tests. It is set only on the virtual
// machine, because the tests change the node.
var filesDir = os.Getenv("SECCOMP_SHIM_NODE")

// client is a client of containerd's CRI plugin, like the kubelet.
type client struct {
	cri.RuntimeServiceClient
}

func connect(t *testing.T) client {
	t.Helper()
	if filesDir == "" {
		t.Skip("changes the node that it runs on: make test-node boots one")
	}
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := client{cri.NewRuntimeServiceClient(conn)}
	if _, err := c.Version(bounded(t), &cri.VersionRequest{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// bounded returns a context for one request. The limit is long, because the machine is
// emulated.
func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// importImages imports an image for tests, and the one that containerd needs for pods.
func importImages(t *testing.T) {
	t.Helper()
	busybox, err := os.ReadFile(filepath.Join(filesDir, "busybox"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]testbed.File{"/bin/busybox": {Content: busybox, Mode: 0o755}}
	for _, name := range []string{"sh", "cat", "sleep"} {
		files["/bin/"+name] = testbed.File{Content: []byte("busybox"), Mode: os.ModeSymlink | 0o777}
	}
	pause := regexp.MustCompile(`(?m)^ *sandbox = '(.*)'$`).FindStringSubmatch(output(t, "containerd", "config", "dump"))
	if pause == nil {
		t.Fatal("containerd's configuration names no sandbox image")
	}
	for _, name := range []string{testImage, pause[1]} {
		file := filepath.Join(t.TempDir(), "image.tar")
		var image bytes.Buffer
		err := testbed.WriteImage(&image, name, testbed.Rootfs{Files: files, Entrypoint: []string{"/bin/sleep", "1000000"}})
		if err == nil {
			err = os.WriteFile(file, image.Bytes(), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		output(t, "ctr", "-n", "k8s.io", "images", "import", "--local", file)
	}
}

func importInstaller(t *testing.T) {
	t.Helper()
	output(t, "ctr", "-n", "k8s.io", "images", "import", "--local", filepath.Join(filesDir, "installer.tar"))
}
