package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A container's life, by the ctr of each version of containerd: `make test-matrix`. The
// test restarts containerd, so no other test may run meanwhile.
func TestLifecycle(t *testing.T) {
	id, execID := newID(t), "exec-1"
	writeLocal(t, "lifecycle.json", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["unshare"],"action":"SCMP_ACT_ERRNO","errnoRet":72}]}`)
	shown := watchEvents(t)

	// Create and start, with options of the handler and a profile named by an
	// annotation.
	flags := []string{"-d", "--null-io", "--runtime-config-path", options,
		"--annotation", "io.containerd.seccomp.v1/profile=Localhost/lifecycle.json", "--annotation", groupAnnotation + "=" + id}
	mustCtr(t, runArgs(id, flags, calls("hold"))...)
	init := taskPid(t, id, "RUNNING")
	shim := shimOf(t, uint32(init))
	t.Logf("containerd %s speaks task service v%d", node.Version(), taskService(t, id))
	if got := statusField(t, uint32(init), "Seccomp"); got != "2" {
		t.Errorf("init runs without a filter: Seccomp is %s", got)
	}

	// Exec, with and without a terminal.
	probe := call("unshare", 0)
	got := ctr(t, execArgs(id, execID, nil, calls(probe, "exit:3"))...)
	if got.ExitCode != 3 {
		t.Errorf("exec: %+v", got)
	}
	mustAnswer(t, "an exec", got.Stdout, map[string]string{probe: "EMULTIHOP"})
	converse(t, atTerminal(t, execArgs(id, "exec-2", []string{"-t"}, []string{"/bin/sh"})))

	mustCtr(t, "task", "pause", id)
	taskPid(t, id, "PAUSED")
	mustCtr(t, "task", "resume", id)
	if metrics := mustCtr(t, "task", "metrics", id); !strings.Contains(metrics, "cpu") {
		t.Errorf("metrics: %s", metrics)
	}
	mustShow(t, shown, id, "create", "start", "exec-added", "exec-started", "exit 3",
		"exec-added", "exec-started", "exit 5", "paused", "resumed")

	// A restarted containerd finds the container and its shim.
	if err := node.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown = watchEvents(t)
	if now := taskPid(t, id, "RUNNING"); now != init {
		t.Errorf("init is %d after the restart, was %d", now, init)
	}
	if got := ctr(t, execArgs(id, execID, nil, calls("exit:4"))...); got.ExitCode != 4 {
		t.Errorf("exec after the restart: %+v", got)
	}
	other := newID(t)
	mustCtr(t, runArgs(other, []string{"-d", "--null-io", "--annotation", groupAnnotation + "=" + id}, calls("hold"))...)
	if now := shimOf(t, uint32(taskPid(t, other, "RUNNING"))); now != shim {
		t.Errorf("a container of the group has shim %d, not %d", now, shim)
	}

	// Kill and delete. Then the remaining shim is killed, and containerd cleans up.
	mustCtr(t, "task", "kill", "--signal", "SIGKILL", id)
	mustShow(t, shown, id, "exec-added", "exec-started", "exit 4", "exit 137 of init")
	taskPid(t, id, "STOPPED")
	// ctr's own exit code depends on its version.
	if deleted := ctr(t, "task", "delete", id); !strings.Contains(deleted.Stderr, "exit code 137") {
		t.Errorf("delete: %+v", deleted)
	}
	mustShow(t, shown, id, "exec-added", "exec-started", "exit 4", "exit 137 of init", "delete")
	mustCtr(t, "container", "delete", id)
	if err := syscall.Kill(shim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	mustShow(t, shown, other, "create", "start", "exit 137 of init", "delete")
	eventually(t, "the task is gone", func() bool { return taskLine(t, other) == "" })
}

// taskService returns the version of the task service that containerd calls in a task's
// shim. containerd before 2.0 has one version, and no record of it.
func taskService(t *testing.T, id string) (version int) {
	t.Helper()
	notes, err := filepath.Glob(filepath.Join(node.Dir(), "state/*/*", id, "bootstrap.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) == 0 {
		return 2
	}
	data, err := os.ReadFile(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	note := struct{ Version *int }{&version}
	if err := json.Unmarshal(data, &note); err != nil {
		t.Fatal(err)
	}
	return version
}
