package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	nodeName = "node-1"
	// kubeletRoot is the kubelet's default folder, where the tutorial has its profiles.
	kubeletRoot   = "/var/lib/kubelet"
	kubeletConfig = kubeletRoot + "/config.yaml"
	profiles      = kubeletRoot + "/seccomp/profiles"
)

func kubeletFlags() []string {
	return []string{
		"--config=" + kubeletConfig, "--kubeconfig=" + filepath.Join(certificates, "kubelet.conf"),
		"--hostname-override=" + nodeName, "--node-ip=" + nodeAddress,
	}
}

// writeKubeletConfig sets what this machine and these namespaces need, and more settings of
// a test. The others are defaults, except that the kubelet admits all clients, because
// there are no certificates.
func writeKubeletConfig(more string) error {
	const config = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous:
    enabled: true
authorization:
  mode: AlwaysAllow
containerRuntimeEndpoint: unix://CONTAINERD
cgroupRoot: /CGROUP
cgroupDriver: cgroupfs
clusterDNS: [10.96.0.10]           # nobody answers there
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false      # no service is used, and so no iptables is needed
localStorageCapacityIsolation: false
oomScoreAdj: 0                     # a lower one needs CAP_SYS_RESOURCE
volumePluginDir: /var/lib/kubelet/volume-plugins
evictionHard:
  memory.available: "0%"
  nodefs.available: "0%"
  imagefs.available: "0%"
nodeStatusUpdateFrequency: 1s      # so that a started node is soon ready
`
	text := strings.NewReplacer("CONTAINERD", containerdSocket, "CGROUP", cgroupName).Replace(config)
	return errors.Join(os.MkdirAll(profiles, 0o755), os.WriteFile(kubeletConfig, []byte(text+more), 0o644))
}

// makeCgroup makes the cgroup in which the kubelet puts all pods.
func makeCgroup() error {
	found, err := cgroups()
	for _, path := range found {
		err = errors.Join(err, os.Mkdir(path, 0o755))
	}
	return err
}

// awaitNoPodCgroups waits until the kubelet has removed the cgroups of all pods, which
// it can when they have no process.
func awaitNoPodCgroups() error {
	roots, err := cgroups()
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(podTimeout); ; time.Sleep(pollInterval) {
		var left []string
		for _, root := range roots {
			for _, pattern := range []string{"kubepods/pod*", "kubepods/*/pod*"} {
				found, _ := filepath.Glob(filepath.Join(root, pattern)) // no bad pattern
				left = append(left, found...)
			}
		}
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("left behind by pods:\n%s", strings.Join(left, "\n"))
		}
	}
}

// removeCgroup removes the cgroup of all pods, and those that the kubelet keeps in it
// for its next start.
func removeCgroup() error {
	found, err := cgroups()
	for _, path := range found {
		if _, statErr := os.Stat(path); statErr == nil {
			err = errors.Join(err, removeFolders(path))
		}
	}
	return err
}

// restartKubelet restarts the kubelet, with the flags and the configuration of now.
func (c *cluster) restartKubelet() error {
	if err := c.kubelet.stop(); err != nil {
		return err
	}
	return c.startKubelet()
}

func (c *cluster) startKubelet() error {
	if err := c.kubelet.start(); err != nil {
		return err
	}
	return c.kubelet.await(startTimeout, func() error {
		if err := askHealth("http://127.0.0.1:10248/healthz"); err != nil {
			return err // a restarted node counts as ready until it reports that it is not
		}
		_, err := c.run("", "wait", "--for=condition=Ready", "node/"+nodeName, "--timeout=1s")
		return err
	})
}
