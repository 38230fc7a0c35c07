package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"

	"seccomp-shim/seccomp/recording"
)

// Each call of the init, of an exec, of threads and of both conventions is in the recording,
// with its exact count and its values, and none of the runtime.
func TestRecording(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	id := newRecordedID(t)
	steps := []string{call("getpgid", 7), call("getpgid", 8), call("unshare", 0), legacy("getpgid", 1), legacy("personality", 0xffffffff),
		x32("getpgid", 1), "thread:" + call("getsid", 0), call("ioctl", 900, 0x5401), call("ioctl", 900, 0x5401), "hold"}
	c := startRecorded(t, id, "", steps...)
	got := c.exec(t, calls(call("getpgid", 9), call("getsid", 0)))
	if got.code != 0 {
		t.Errorf("the exec: %+v", got)
	}
	c.kill(t)
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{
		"SCMP_ARCH_X86_64 init getpgid": 2, "SCMP_ARCH_X86_64 exec getpgid": 1, "SCMP_ARCH_X86 init getpgid": 1, "SCMP_ARCH_X32 init getpgid": 1,
		"SCMP_ARCH_X86_64 init getsid": 1, "SCMP_ARCH_X86_64 exec getsid": 1, "SCMP_ARCH_X86_64 init unshare": 1,
		"SCMP_ARCH_X86_64 init ioctl": 2, "SCMP_ARCH_X86 init personality": 1,
		"SCMP_ARCH_X86_64 init execve": 0, "SCMP_ARCH_X86_64 init seccomp": 0, "SCMP_ARCH_X86_64 exec setns": 0,
	})
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Errorf("it lacks %q", gaps)
	}
	if r.Under != "unconfined" || r.Ended == nil || r.Ended.By != recording.Killed || r.Ended.Status != 137 || r.Architecture != "SCMP_ARCH_X86_64" {
		t.Errorf("it says %+v", r)
	}
}

// startRecorded starts the program of calls, and returns when it holds. more are further
// options of the handler.
func startRecorded(t *testing.T, id, more string, steps ...string) *container {
	t.Helper()
	options := &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\nobserve = \"record\"\n%s", profileRoot, more)}
	c := &container{Container: newContainerWith(t, id, options, calls(steps...)), stdout: &output{}, stderr: &output{}}
	c.run(t)
	if steps[len(steps)-1] == "hold" {
		c.stdout.await(t, "hold -> waiting")
	}
	return c
}

// newRecordedID is newID for a container that leaves recordings. They are removed with it.
func newRecordedID(t *testing.T) string {
	t.Helper()
	var id string
	t.Cleanup(func() {
		for _, path := range recordingsOf(id) {
			os.Remove(path)
		}
		os.Remove(filepath.Join(recording.Dir, node.Namespace())) // if it was the last one
	})
	id = newID(t)
	return id
}

func recordingsOf(id string) []string {
	all, _ := filepath.Glob(filepath.Join(recording.Dir, node.Namespace(), id+".*.json")) // the pattern is right
	return all
}

func readRecording(t *testing.T, id string) *recording.Recording {
	t.Helper()
	paths := recordingsOf(id)
	if len(paths) != 1 {
		t.Fatalf("the recordings are %q", paths)
	}
	text, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	var r recording.Recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return &r
}

// mustHaveCalls compares counts, by ABI, kind of process and syscall.
func mustHaveCalls(t *testing.T, r *recording.Recording, want map[string]uint64) {
	t.Helper()
	got := map[string]uint64{}
	for _, c := range r.Calls {
		got[fmt.Sprintf("%s %s %s", c.ABI, c.Process, c.Syscall)] += c.Count
	}
	for call, count := range want {
		if got[call] != count {
			t.Errorf("%s: %d calls, want %d", call, got[call], count)
		}
	}
	if t.Failed() {
		t.Logf("%v", got)
	}
}
