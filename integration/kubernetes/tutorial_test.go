package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

const (
	manifests = "deploy/kubernetes/"
	// auditDelay is the time that the kernel may take to write a record.
	auditDelay = 500 * time.Millisecond
)

// TestTutorial plays the tutorial's scenes with the pods of deploy/: with profiles
// named by fields, and with profiles named by the older annotations, for which the
// tutorial has a tab.
func TestTutorial(t *testing.T) {
	prepareNode(t)
	for folder, way := range map[string]string{"pods": "fields", "pods/alpha": "annotations"} {
		t.Run(way, func(t *testing.T) { playTutorial(t, manifests+folder) })
	}
}

func playTutorial(t *testing.T, folder string) {
	for _, scene := range []struct {
		name, text string
		calls      map[string]string // the wanted results of the calls that the program is asked to make
		logged     bool              // the kernel logs the program's calls
	}{
		{"audit", "just made some syscalls!", map[string]string{"keyctl": "ok", "getppid": "ok"}, true},
		{"fine", "just made some syscalls!", map[string]string{"keyctl": "EPERM", "getppid": "EPERM", "mkdirat": "EPERM"}, false},
		{"default", "just made some more syscalls!", map[string]string{"keyctl": "EPERM", "getppid": "ok"}, false},
	} {
		t.Run(scene.name, func(t *testing.T) {
			log := openAuditLog(t)
			pod := applyPod(t, filepath.Join(folder, scene.name+"-pod.yaml"))
			awaitReady(t, pod)
			kubectl(t, "expose", "pod/"+pod, "--type", "NodePort", "--port", "5678")
			t.Cleanup(func() { kubectl(t, "delete", "svc/"+pod) })
			if got := curl(t, pod, "/"); got != scene.text {
				t.Errorf("curl prints %q", got)
			}
			for _, call := range slices.Sorted(maps.Keys(scene.calls)) {
				if got, want := curl(t, pod, "/syscall/"+call), call+": "+scene.calls[call]; got != want {
					t.Errorf("asked for %s it answers %q, not %q", call, got, want)
				}
			}
			if n := countRecords(t, log); (n > 0) != scene.logged {
				t.Errorf("the kernel logged %d calls", n)
			}
		})
	}
	t.Run("violation", func(t *testing.T) {
		pod := applyPod(t, filepath.Join(folder, "violation-pod.yaml"))
		awaitStatus(t, pod, "CrashLoopBackOff")
		describe(t, pod, "StartError", "syscalls: execve: the profile answers ERRNO(1 operation not permitted), "+
			"so under seccomp the container's program cannot be started")
	})
}

// prepareNode prepares the node and the cluster as the tutorial says: profiles in the
// kubelet's folder, and the RuntimeClass.
func prepareNode(t *testing.T) {
	t.Helper()
	if unavailable != "" {
		t.Skip(unavailable)
	}
	for _, folder := range []string{"integration/testdata/profiles", "integration/kubernetes/testdata/profiles"} {
		files, err := filepath.Glob(fromRoot(folder, "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", folder, files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err == nil {
				err = os.WriteFile(filepath.Join(profiles, filepath.Base(file)), data, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	kubectl(t, "apply", "-f", fromRoot(manifests, "runtimeclass.yaml"))
}

// curl asks the pod for a page. There is no kube-proxy, so it uses the address of the
// pod, not of the service.
func curl(t *testing.T, pod, path string) string {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(fmt.Sprintf("http://%s:5678%s", field(t, pod, ".status.podIP"), path))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(body), "\n")
}

func openAuditLog(t *testing.T) *testbed.AuditLog {
	t.Helper()
	log, err := testbed.OpenAuditLog()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// countRecords counts the records of the echo server's calls.
func countRecords(t *testing.T, log *testbed.AuditLog) (count int) {
	t.Helper()
	records, err := log.Drain(auditDelay)
	if errors.Is(err, testbed.ErrAuditLost) {
		t.Log(err, "for others on this machine make so many: the count is too low")
	} else if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if record.Executable == echoProgram {
			count++
		}
	}
	return count
}
