// Package integration tests the runtime on real containers, under a private containerd
// and the running kernel. All tests share one node. Each has containers of its own, and
// fails if anything of them is left on the host.
package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	containerd "github.com/containerd/containerd/v2/client"

	"seccomp-shim/integration/steps"
	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/recording"
	"seccomp-shim/shim/container/initprocess"
)

const (
	runtimeName = "io.containerd.seccomp.v1"
	imageName   = "docker.io/library/test:latest"
)

// The state that all tests share. unavailable says why there is no node here.
var (
	unavailable string
	node        *testbed.Node
	client      *containerd.Client
	image       containerd.Image
	nodeLog     containerdLog
	profileRoot string                  // the profile_root of options
	busybox     []byte                  // the content of the program
	programs    map[string]testbed.File // the files of the test image
	options     string                  // a file for ctr's --runtime-config-path
	pathDir     string                  // the folders of the PATH without runc
)

func TestMain(m *testing.M) {
	if initprocess.IsInit() { // the init of a container that a test has made without a shim
		initprocess.Main()
	}
	libseccomp.Helper()
	if filepath.Base(os.Args[0]) == testbed.ShimBinary(runtimeName) {
		fmt.Fprintln(os.Stderr, execWithoutClone3(os.Getenv(shimEnv)))
		os.Exit(1)
	}
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
	defer os.RemoveAll(pathDir)
	if node != nil {
		if err := node.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	for _, dir := range []string{recording.Dir, filepath.Dir(recording.Dir)} {
		_ = os.Remove(dir) // unless it has recordings of others
	}
	return code
}

func start(bin string) (err error) {
	// From here on no program finds a runc, the shims included.
	if pathDir, err = os.MkdirTemp("", "path-"); err != nil {
		return err
	}
	path, err := pathWithout(pathDir, "runc", "crun")
	if err == nil {
		err = os.Setenv("PATH", path)
	}
	if err != nil {
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

// buildPrograms returns the files of the test image: busybox, and the test programs.
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
	if echo, err := os.ReadFile(filepath.Join(testbed.BinDir(), "http-echo")); err == nil {
		files["/bin/http-echo"] = testbed.File{Content: echo, Mode: 0o755}
	}
	files["/bin/minimal"] = testbed.File{Content: minimal, Mode: 0o755}
	for _, name := range []string{"/mnt/plain", "/mnt/mapped"} {
		files[name] = testbed.File{Mode: os.ModeDir | 0o755}
	}
	return files, nil
}

// pathWithout returns the PATH without the programs. A folder that has one of them is
// replaced by a folder below dir with links to all other files.
func pathWithout(dir string, programs ...string) (string, error) {
	var kept []string
	for i, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if !slices.ContainsFunc(programs, func(name string) bool { return isThere(filepath.Join(folder, name)) }) {
			kept = append(kept, folder)
			continue
		}
		links := filepath.Join(dir, strconv.Itoa(i))
		if err := linkAll(links, folder, programs); err != nil {
			return "", err
		}
		kept = append(kept, links)
	}
	return strings.Join(kept, string(filepath.ListSeparator)), nil
}

func linkAll(links, folder string, but []string) error {
	entries, err := os.ReadDir(folder)
	if err == nil {
		err = os.Mkdir(links, 0o755)
	}
	for _, entry := range entries {
		if err == nil && !slices.Contains(but, entry.Name()) {
			err = os.Symlink(filepath.Join(folder, entry.Name()), filepath.Join(links, entry.Name()))
		}
	}
	return err
}
