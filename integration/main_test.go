// Package integration shows on real containers, under a private containerd and
// the running kernel, what the packages of this repository show in parts. All
// tests share one node; each has containers of its own, of which nothing may be
// left on the host when the test ends.
package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	containerd "github.com/containerd/containerd/v2/client"

	"seccomp-shim/integration/steps"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/compile"
	shim "seccomp-shim/shim/container"
)

const (
	runtimeName = "io.containerd.seccomp.v1"
	imageName   = "docker.io/library/test:latest"
)

// What all tests share. unavailable says why there is no node here.
var (
	unavailable string
	node        *testbed.Node
	client      *containerd.Client
	image       containerd.Image
	nodeLog     containerdLog
	profileRoot string                  // where options says that Localhost profiles are
	busybox     []byte                  // the program
	programs    map[string]testbed.File // of the test image
	options     string                  // file for ctr's --runtime-config-path
)

func TestMain(m *testing.M) {
	if shim.IsInit() { // of a container that a test has made without a shim
		shim.Init()
	}
	compile.Helper()
	if len(os.Args) == 3 && os.Args[1] == logTo {
		os.Exit(runLogger(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == dialTo {
		os.Exit(runDialer(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == inheritTo {
		os.Exit(runHeir(os.Args[2]))
	}
	os.Exit(testbed.WithOwnSockets(testbed.BinDir(), func() int { return run(m) }))
}

func run(m *testing.M) (code int) {
	bin := testbed.BinDir()
	unavailable = testbed.Unavailable(bin, "containerd", "ctr", testbed.ShimBinary(runtimeName))
	if unavailable != "" {
		return m.Run()
	}
	var err error
	if programs, err = buildPrograms(); err == nil {
		err = start(bin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	} else {
		code = m.Run()
	}
	if node != nil {
		if err := node.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

func start(bin string) (err error) {
	// Nobody finds a runc from here on, also not the shims.
	if err := os.Setenv("PATH", pathWithout("runc", "crun")); err != nil {
		return err
	}
	ctx := context.Background()
	release, err := inheritedByContainerd()
	if err != nil {
		return err
	}
	defer release()
	node, err = testbed.Start(ctx, testbed.Options{
		Bin: bin,
		Log: &nodeLog,
	})
	if err != nil {
		return err
	}
	if err := node.Import(ctx, imageName, testbed.Rootfs{Files: programs}); err != nil {
		return err
	}
	if client, err = node.Client(); err != nil {
		return err
	}
	if image, err = client.GetImage(ctx, imageName); err != nil {
		return err
	}
	profileRoot = filepath.Join(node.Dir(), "profiles")
	options = filepath.Join(node.Dir(), "options.toml")
	if err := os.Mkdir(profileRoot, 0o755); err != nil {
		return err
	}
	return os.WriteFile(options, fmt.Appendf(nil, "profile_root = %q\n", profileRoot), 0o644)
}

// buildPrograms returns the files of the test image: busybox and our programs.
func buildPrograms() (map[string]testbed.File, error) {
	files, err := testbed.Busybox()
	if err != nil {
		return nil, err
	}
	busybox = files["/bin/busybox"].Content
	calls, err := steps.Build()
	if err != nil {
		return nil, err
	}
	minimal, err := testbed.CompileC("shim/container/load/testdata/minimal.c", "-nostdlib", "-fno-stack-protector")
	if err != nil {
		return nil, err
	}
	files[steps.Program] = testbed.File{Content: calls, Mode: 0o755}
	files["/bin/minimal"] = testbed.File{Content: minimal, Mode: 0o755}
	for _, name := range []string{"/mnt/plain", "/mnt/mapped"} {
		files[name] = testbed.File{Mode: os.ModeDir | 0o755}
	}
	return files, nil
}

// pathWithout returns the PATH without folders that have one of the programs.
func pathWithout(programs ...string) string {
	var kept []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if !hasAny(dir, programs) {
			kept = append(kept, dir)
		}
	}
	return strings.Join(kept, string(filepath.ListSeparator))
}

func hasAny(dir string, programs []string) bool {
	for _, name := range programs {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
