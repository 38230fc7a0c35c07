package cri

import (
	"strings"
	"testing"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"seccomp-shim/integration/steps"
)

// A container whose first thread has ended can be probed, measured and stopped. In a
// pod with the node's pids, the others survive init.
func TestContainerWithoutFirstThread(t *testing.T) {
	t.Parallel()
	for name, pids := range map[string]cri.NamespaceMode{"pids of its own": cri.NamespaceMode_CONTAINER, "the node's pids": cri.NamespaceMode_NODE} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := newPodConfig(t)
			config.Linux.SecurityContext.NamespaceOptions.Pid = pids
			p := runPod(t, config)
			container := newContainerConfig("c", steps.Args("leave", "hold")...)
			container.Linux.SecurityContext.NamespaceOptions = config.Linux.SecurityContext.NamespaceOptions
			c := p.start(t, container)
			c.awaitOutput(t, "hold -> waiting")
			if got := c.status(t).State; got != cri.ContainerState_CONTAINER_RUNNING {
				t.Errorf("it is %v", got)
			}
			if got := c.exec(t, "/bin/sh", "-c", "echo in; exit 3"); got.ExitCode != 3 || string(got.Stdout) != "in\n" {
				t.Errorf("a probe: %+v", got)
			}
			stats, err := kubelet.ContainerStats(bounded(t), &cri.ContainerStatsRequest{ContainerId: c.id})
			if err != nil || stats.GetStats().GetMemory() == nil {
				t.Errorf("stats: %v, %v", stats, err)
			}
			began := time.Now()
			if _, err := kubelet.StopContainer(bounded(t), &cri.StopContainerRequest{ContainerId: c.id, Timeout: 1}); err != nil {
				t.Errorf("stop: %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the stop took %v", took)
			}
			if got := c.status(t); got.State != cri.ContainerState_CONTAINER_EXITED || got.ExitCode == 0 || strings.Contains(got.Reason, "Unknown") {
				t.Errorf("stopped it is %v", got)
			}
		})
	}
}
