package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/integration/testbed"
)

// unconfined is what mustRunUnder expects of a process without a filter.
const unconfined = "Unconfined"

// crictl runs a command on the node, which must succeed.
func crictl(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(k8s.programs, "crictl"), args...)
	cmd.Env = k8s.environment()
	result, err := testbed.Run(cmd)
	if err == nil && result.ExitCode != 0 {
		err = fmt.Errorf("crictl %s: exit code %d: %s", strings.Join(args, " "), result.ExitCode, result.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(result.Stdout, "\n")
}

// inspection is the part of crictl's answer that is used here.
type inspection struct {
	Info struct {
		PID         int        `json:"pid"`
		RuntimeSpec specs.Spec `json:"runtimeSpec"`
	} `json:"info"`
}

// inspect asks crictl about the running container of a pod.
func inspect(t *testing.T, pod, container string) (found inspection) {
	t.Helper()
	id := crictl(t, "ps", "-q", "--label", "io.kubernetes.pod.name="+pod, "--label", "io.kubernetes.container.name="+container)
	return inspectID(t, id)
}

func inspectID(t *testing.T, id string) (found inspection) {
	t.Helper()
	if err := json.Unmarshal([]byte(crictl(t, "inspect", id)), &found); err != nil || found.Info.PID == 0 {
		t.Fatalf("crictl inspect %q: %v, pid %d", id, err, found.Info.PID)
	}
	return found
}

// mustRunUnder reads the filter of a process back from the kernel: it must be the only one,
// and decide each call as the profile says. The profile is a file, RuntimeDefault or
// [unconfined]; flags are those of seccompctl inspect.
func mustRunUnder(t *testing.T, pid int, profile string, flags ...string) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	count := regexp.MustCompile(`(?m)^Seccomp_filters:\s+(\d+)$`).FindSubmatch(status)
	want := "1"
	if profile == unconfined {
		want = "0"
	}
	if count == nil || string(count[1]) != want {
		t.Errorf("process %d has %q, want %s for %s", pid, count, want, profile)
		return
	}
	if profile == unconfined {
		return
	}
	args := append([]string{"inspect", "--pid", strconv.Itoa(pid), "--profile", profile}, flags...)
	result, err := testbed.Run(exec.CommandContext(t.Context(), filepath.Join(testbed.BinDir(), "seccompctl"), args...))
	if err != nil || result.ExitCode != 0 || !regexp.MustCompile(`(?m)^equal:\s+true$`).MatchString(result.Stdout) {
		t.Errorf("seccompctl %q: %v, exit code %d: %s%.400s", args, err, result.ExitCode, result.Stderr, result.Stdout)
	}
}
