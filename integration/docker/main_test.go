// Package docker plays a container's day with the clients that people use without a cluster,
// docker and nerdctl, on a private containerd: docs/docker.md. `make test-docker` builds docker
// and runs the tests.
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"seccomp-shim/integration/testbed"
)

// Set by the Makefile: the folder of dockerd and docker, and the path of nerdctl, if there is
// one.
const (
	dockerEnv  = "SECCOMP_SHIM_DOCKER"
	nerdctlEnv = "SECCOMP_SHIM_NERDCTL"
)

const (
	runtimeName = "io.containerd.seccomp.v1"
	imageName   = "busybox:1.37"
)

// The state that all tests share. unavailable says why there is no node here.
var (
	unavailable string
	node        *testbed.Node
	work        string // a folder for files of the tests
)

func TestMain(m *testing.M) {
	if os.Getenv(dockerEnv) == "" {
		unavailable = "needs docker, which takes minutes to build: make test-docker"
		os.Exit(m.Run())
	}
	bin := testbed.BinDir()
	if why := testbed.Unavailable(bin, "containerd", "ctr", "seccompctl", testbed.ShimBinary(runtimeName)); why != "" {
		fmt.Fprintln(os.Stderr, why)
		os.Exit(1)
	}
	os.Exit(testbed.Privately(bin, func() int { return run(m, bin) }))
}

// run runs in private namespaces. The clients write into /run and /etc/cni as root, so these
// are empty folders there.
func run(m *testing.M, bin string) (code int) {
	err := testbed.MountPrivately(testbed.Tmpfs("/run"))
	if err == nil {
		err = os.Setenv("TMPDIR", "/run") // sockets are in it, so the name must be short
	}
	if err == nil {
		node, err = testbed.Start(context.Background(), testbed.Options{Bin: bin})
	}
	if err == nil {
		work = filepath.Join(node.Dir(), "work")
		err = errors.Join(os.Mkdir(work, 0o755), writeImage(), writeProfiles())
	}
	if err == nil {
		code = m.Run()
	}
	if node != nil {
		err = errors.Join(err, node.Stop())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// writeImage writes the layer that the clients import.
func writeImage() error {
	files, err := testbed.Busybox()
	if err != nil {
		return err
	}
	layer, err := testbed.Layer(files)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(work, "busybox.tar"), layer, 0o644)
}

// noMkdir refuses to make folders, and kills a process that calls sync(2).
const noMkdir = `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
	{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}, {"names": ["sync"], "action": "SCMP_ACT_KILL_PROCESS"}]}
`

func writeProfiles() error {
	return errors.Join(os.WriteFile(profile("no-mkdir"), []byte(noMkdir), 0o644),
		os.WriteFile(filepath.Join(work, "options.toml"), []byte(fmt.Sprintf("unset_profile = \"Localhost/no-mkdir.json\"\nprofile_root = %q\n", work)), 0o644))
}

// profile returns the path of a profile.
func profile(name string) string { return filepath.Join(work, name+".json") }
