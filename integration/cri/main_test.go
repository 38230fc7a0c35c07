// Package cri drives a private containerd through the Container Runtime
// Interface, as the kubelet does, with the runtime handler of deploy/: pods on a
// network of their own, their containers, and what people do to them with
// kubectl. What seccomp profile a container has is seen in its init and in an
// exec'd process: by what they can do, and by the program that the kernel runs.
package cri

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
	"seccomp-shim/integration/testbed"
)

const (
	// seccompRoot is the kubelet's folder of profiles, here a private one.
	seccompRoot = "/var/lib/kubelet/seccomp"
	testImage   = "docker.io/library/test:latest"
	echoImage   = "docker.io/hashicorp/http-echo:1.0" // stands in for the tutorial's
)

// What all tests share. unavailable says why there is no node here.
var (
	unavailable string
	node        *testbed.Node
	kubelet     *connection
)

// connection is a kubelet's to containerd.
type connection struct {
	cri.RuntimeServiceClient
	images cri.ImageServiceClient
	conn   *grpc.ClientConn
}

// connect returns when containerd is ready for pods, which it is a moment after
// it serves.
func connect() (*connection, error) {
	conn, err := grpc.NewClient("unix://"+node.Address(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	k := &connection{cri.NewRuntimeServiceClient(conn), cri.NewImageServiceClient(conn), conn}
	ready := testbed.HoldsWithin(patience, func() bool {
		_, err = k.Status(context.Background(), &cri.StatusRequest{})
		return err == nil
	})
	if !ready {
		return nil, errors.Join(fmt.Errorf("CRI is not ready: %w", err), conn.Close())
	}
	return k, nil
}

func TestMain(m *testing.M) {
	bin := testbed.BinDir()
	unavailable = testbed.Unavailable(bin, "containerd", "ctr", "containerd-shim-seccomp-v1", "seccompctl", "http-echo")
	if _, err := os.Stat(testbed.CNIPlugins); err != nil && unavailable == "" {
		unavailable = fmt.Sprintf("needs containernetworking-plugins (make deps): %v", err)
	}
	if unavailable != "" {
		os.Exit(m.Run())
	}
	os.Exit(testbed.Privately(bin, func() int { return run(m, bin) }))
}

func run(m *testing.M, bin string) (code int) {
	log, err := os.CreateTemp("", "containerd-log-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.Remove(log.Name())
	defer func() {
		if code != 0 {
			showWarnings(log.Name())
		}
	}()
	err = start(bin, log)
	if err == nil {
		code = m.Run()
	}
	if node != nil {
		err = errors.Join(err, node.Stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// showWarnings prints what containerd has warned of.
func showWarnings(log string) {
	text, _ := os.ReadFile(log) // a help for people
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, " level=info ") {
			fmt.Fprint(os.Stderr, line)
		}
	}
}

func start(bin string, log io.Writer) (err error) {
	ctx := context.Background()
	if err := writeProfiles(); err != nil {
		return err
	}
	config, err := handlers(bin)
	if err != nil {
		return err
	}
	node, err = testbed.Start(ctx, testbed.Options{Bin: bin, CRI: true, Config: config, Log: log})
	if err != nil {
		return err
	}
	if kubelet, err = connect(); err != nil {
		return err
	}
	return importImages(ctx, bin)
}

func importImages(ctx context.Context, bin string) error {
	files, errBusybox := testbed.Busybox()
	calls, errCalls := steps.Build()
	echo, errEcho := os.ReadFile(filepath.Join(bin, "http-echo"))
	if err := errors.Join(errBusybox, errCalls, errEcho); err != nil {
		return err
	}
	files[steps.Program] = testbed.File{Content: calls, Mode: 0o755}
	files["/etc"] = testbed.File{Mode: os.ModeDir | 0o755} // CRI mounts there, as others do on Busybox's folders
	return errors.Join(
		node.ImportForPods(ctx, testbed.SandboxImage, testbed.Rootfs{Files: files, Entrypoint: []string{"/bin/sleep", "1000000"}}),
		node.ImportForPods(ctx, testImage, testbed.Rootfs{Files: files, Env: []string{"PATH=/bin"}}),
		node.ImportForPods(ctx, echoImage, testbed.Rootfs{
			Files:      map[string]testbed.File{"/http-echo": {Content: echo, Mode: 0o755}},
			Entrypoint: []string{"/http-echo"},
		}),
		awaitImages(ctx, testbed.SandboxImage, testImage, echoImage))
}

// awaitImages returns when CRI has heard of the images.
func awaitImages(ctx context.Context, names ...string) error {
	for _, name := range names {
		known := testbed.HoldsWithin(patience, func() bool {
			status, err := kubelet.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
			return err == nil && status.Image != nil
		})
		if !known {
			return fmt.Errorf("CRI does not know image %s", name)
		}
	}
	return nil
}
