package kubernetes

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/recording"
)

// echoPod is the tutorial's pod, of a class and under a profile.
func echoPod(name, class, profile string) string {
	return `apiVersion: v1
kind: Pod
metadata:
  name: ` + name + `
spec:
  runtimeClassName: ` + class + `
  securityContext:
    seccompProfile: ` + profile + `
  containers:
  - name: web
    image: ` + echoImage + `
    args: ["-text=recorded"]
`
}

// A pod of the RuntimeClass seccomp-record is recorded, under RuntimeDefault. The profile of the
// recording is enforced on another pod, which serves, and is refused what the first has not done.
func TestRecordedPod(t *testing.T) {
	prepareNode(t)
	kubectl(t, "apply", "-f", fromRoot(manifests, "runtimeclass-record.yaml"))
	t.Run("recorded", func(t *testing.T) { // the pod ends with the subtest
		askEcho(t, "recorded", echoPod("recorded", "seccomp-record", "{type: Unconfined}"),
			map[string]string{"/": "recorded", "/syscall/keyctl": "keyctl: EPERM"}) // RuntimeDefault refuses keyctl
	})

	files, err := filepath.Glob(filepath.Join(recording.Dir, "*", "*.json"))
	if err != nil || len(files) != 1 { // the sandbox is not recorded
		t.Fatalf("the recordings are %q, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := recording.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name() != "default/recorded/web" || r.Image != echoImage || r.Ended == nil || len(r.Gaps()) > 0 {
		t.Errorf("it is of %s, image %s, end %+v, and lacks %q", r.Name(), r.Image, r.Ended, r.Gaps())
	}
	if len(r.Refused) != 1 || r.Refused[0].Syscall != "keyctl" {
		t.Errorf("refused: %+v", r.Refused)
	}

	var said bytes.Buffer
	generate := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), "generate", files[0])
	generate.Stderr = &said
	profile, err := generate.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	if err := os.WriteFile(filepath.Join(profiles, "recorded.json"), profile, 0o644); err != nil {
		t.Fatal(err)
	}
	askEcho(t, "enforced", echoPod("enforced", "seccomp", "{type: Localhost, localhostProfile: profiles/recorded.json}"),
		map[string]string{"/": "recorded", "/syscall/getppid": "getppid: EPERM"})
}

// askEcho starts a pod, and asks it for pages.
func askEcho(t *testing.T, pod, manifest string, want map[string]string) {
	t.Helper()
	startPod(t, pod, manifest)
	awaitReady(t, pod)
	for path, text := range want {
		if got := curl(t, pod, path); got != text {
			t.Errorf("%s: the pod says %q, want %q", path, got, text)
		}
	}
}
