package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"seccomp-shim/integration/testbed"
)

const (
	// containerdSocket is the socket of the node's containerd, which the kubelet uses.
	containerdSocket = "/run/containerd.sock"
	dropIns          = "/run/conf.d"
	crictlConfig     = "/run/crictl.yaml" // takes the place of /etc/crictl.yaml

	echoImage    = "docker.io/hashicorp/http-echo:1.0" // takes the place of the tutorial's image
	busyboxImage = "docker.io/library/busybox:1.35"
	// echoProgram has another path than the demo's, whose calls the kernel may log at
	// the same time.
	echoProgram = "/usr/bin/http-echo"
)

// handlers are a handler with a floor, one with a profile for pods that name none, and two
// with a mistake.
const handlers = `version = 3

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.misspelt]
  runtime_type = "io.containerd.seccomp.v1"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.misspelt.options]
    profil_root = "/var/lib/kubelet/seccomp"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.rootless]
  runtime_type = "io.containerd.seccomp.v1"
  pod_annotations = ["io.containerd.seccomp.v1/*"]
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.rootless.options]
    profile_root = "/var/lib/nowhere"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.floored]
  runtime_type = "io.containerd.seccomp.v1"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.floored.options]
    floor = "Localhost/profiles/floor.json"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.unset]
  runtime_type = "io.containerd.seccomp.v1"
  pod_annotations = ["io.containerd.seccomp.v1/*"]
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.unset.options]
    unset_profile = "Localhost/profiles/no-mkdir.json"
`

// startContainerd starts a containerd that imports the handler of deploy/.
func (c *cluster) startContainerd() error {
	if err := writeDropIns(); err != nil {
		return err
	}
	log, err := os.Create(c.log("containerd"))
	if err != nil {
		return err
	}
	c.node, err = testbed.Start(context.Background(), testbed.Options{
		Bin: testbed.BinDir(), Namespace: testbed.PodNamespace, Log: log,
		CRI: true, Imports: []string{dropIns + "/*.toml"},
	})
	if err != nil {
		return err
	}
	return errors.Join(os.Symlink(c.node.Address(), containerdSocket), c.importImages(),
		os.WriteFile(crictlConfig, []byte("runtime-endpoint: unix://"+containerdSocket+"\n"), 0o644))
}

// writeDropIns changes one word of the handlers' files, because there is no systemd
// here.
func writeDropIns() error {
	const systemd, cgroupfs = "SystemdCgroup = true", "SystemdCgroup = false"
	err := errors.Join(os.Mkdir(dropIns, 0o755), os.WriteFile(filepath.Join(dropIns, "handlers.toml"), []byte(handlers), 0o644))
	for _, name := range []string{"seccomp-2.x.toml", "record-2.x.toml"} {
		file := fromRoot("deploy/containerd", name)
		handler, readErr := os.ReadFile(file)
		if n := strings.Count(string(handler), systemd); readErr == nil && n != 1 {
			readErr = fmt.Errorf("%s says %q %d times, not once", file, systemd, n)
		}
		text := strings.Replace(string(handler), systemd, cgroupfs, 1)
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(dropIns, name), []byte(text), 0o644))
	}
	return err
}

// importImages makes the images that pods name, and the one that containerd needs for
// sandboxes.
func (c *cluster) importImages() error {
	tools, err := testbed.Busybox()
	if err != nil {
		return err
	}
	echo, err := os.ReadFile(filepath.Join(testbed.BinDir(), "http-echo"))
	if err != nil {
		return err
	}
	exporter, err := os.ReadFile(filepath.Join(testbed.BinDir(), "seccomp-exporter"))
	if err != nil {
		return err
	}
	for name, rootfs := range map[string]testbed.Rootfs{
		testbed.SandboxImage: {Files: tools, Entrypoint: []string{"/bin/sleep", "1000000"}},
		busyboxImage:         {Files: tools, Cmd: []string{"sh"}},
		echoImage: {
			Files:      map[string]testbed.File{echoProgram: {Content: echo, Mode: 0o755}},
			Entrypoint: []string{echoProgram},
		},
		exporterImage: { // as deploy/exporter/Dockerfile makes it
			Files:      map[string]testbed.File{"/seccomp-exporter": {Content: exporter, Mode: 0o755}},
			Entrypoint: []string{"/seccomp-exporter"},
		},
	} {
		if err := c.node.Import(context.Background(), name, rootfs); err != nil {
			return err
		}
	}
	return nil
}
