package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/integration/testbed"
)

// Refused calls of threads and forked processes have their errno, and are counted, while
// timers interrupt them. Without SA_RESTART a call that is interrupted before the shim has
// received it fails with EINTR, and is not counted.
func TestSignalStorm(t *testing.T) {
	t.Parallel()
	const count, all = 300, 9 * 300
	program, err := testbed.CompileC("integration/testdata/storm/storm.c", "-pthread")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "storm")
	if err := os.WriteFile(path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	mount := oci.WithMounts([]specs.Mount{{Source: path, Destination: "/storm", Type: "bind", Options: []string{"bind", "ro"}}})
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":4095}]}`)
	for _, handlers := range []string{"restart", "interrupt"} {
		t.Run(handlers, func(t *testing.T) {
			t.Parallel()
			id := newObservedID(t)
			got := launch(t, id, []string{"/storm", "4095", fmt.Sprint(count), handlers}, under(p), annotatedWith(observeAs+"denials"), mount).end(t)
			var right, interrupted, wrong uint64
			if _, err := fmt.Sscanf(got.stdout, "%d right, %d interrupted, %d wrong", &right, &interrupted, &wrong); err != nil || got.code != 0 {
				t.Fatalf("%v: %+v", err, got)
			}
			t.Log(got.stdout)
			if wrong > 0 || right+interrupted != all || handlers == "restart" && interrupted > 0 {
				t.Errorf("%d right, %d interrupted, %d wrong", right, interrupted, wrong)
			}
			if total := readReport(t, id).Total(); total != right {
				t.Errorf("%d calls are counted, and %d were refused", total, right)
			}
		})
	}
}
