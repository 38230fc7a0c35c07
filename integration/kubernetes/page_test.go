package kubernetes

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/pages"
	"seccomp-shim/integration/testbed"
)

const (
	page        = "docs/runtimeclass.md"
	pageTimeout = 2 * time.Minute
)

// The commands of docs/runtimeclass.md have the results that the page shows.
func TestPage(t *testing.T) {
	prepareNode(t)
	kubectl(t, "delete", "-f", fromRoot(manifests, "runtimeclass.yaml")) // the page creates it again
	blocks, err := pages.Read(fromRoot(page))
	if err != nil {
		t.Fatal(err)
	}
	commands, err := pages.Commands(blocks)
	if err != nil {
		t.Fatalf("%s: %v", page, err)
	}
	cmd := exec.Command("bash")
	cmd.Dir = fromRoot()
	cmd.Env = append(k8s.environment(), "PATH="+k8s.programs+":"+testbed.BinDir()+":"+os.Getenv("PATH"))
	shell, err := pages.NewShell(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	ctx, cancel := context.WithTimeout(t.Context(), pageTimeout)
	defer cancel()
	go k8s.scheduleAll(ctx)
	for _, c := range commands {
		if err := shell.Run(ctx, c); err != nil {
			out, _ := k8s.run("", "describe", "pods")
			t.Fatalf("%s: %v\n%s", page, err, out)
		}
	}
}

// scheduleAll schedules pods that others create, until ctx ends.
func (c *cluster) scheduleAll(ctx context.Context) {
	for ctx.Err() == nil {
		names, err := c.run("", "get", "pods", "--field-selector", "spec.nodeName=", "-o", "jsonpath={.items[*].metadata.name}")
		if err == nil {
			for _, name := range strings.Fields(names) {
				_ = c.schedule("default", name) // the next round tries again
			}
		}
		time.Sleep(pollInterval)
	}
}
