package integration

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// With the option log_execs, containerd's log says of each exec what ran, as whom, and under which
// program, which is the one that the kernel has. A command can forge no line. By default there is
// none of it. The events that a client can record are there in any case.
func TestExecLog(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"log_execs = true\n", ""} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			events := subscribe(t)
			id := newID(t)
			handler := &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\n%s", profileRoot, option)}
			p := profile(t, `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpgid"], "action": "SCMP_ACT_ERRNO"}]}`)
			c := holdWith(t, id, handler, nil, under(p))
			got := c.exec(t, []string{"/bin/sh", "-c", "exit 7 # a\nlevel=error", strings.Repeat("x", 2000)}, func(s *specs.Process) { s.User.UID = 12 })
			if got.code != 7 {
				t.Fatalf("got %+v", got)
			}
			eventually(t, "the exit is an event", func() bool { return strings.Contains(fmt.Sprint(events.of(id)), "exec-added exec-started exit 7") })
			if option != "" { // containerd copies the shim's log
				eventually(t, "it is logged", func() bool { return strings.Contains(nodeLog.all(id), "exec: ") })
			}
			mustLogPrintably(t, id)
			var lines []string
			for line := range strings.Lines(nodeLog.all(id)) {
				if strings.Contains(line, "exec: ") {
					lines = append(lines, line)
				}
			}
			if option == "" {
				if len(lines) != 0 {
					t.Errorf("the log has %q", lines)
				}
				return
			}
			if len(lines) != 1 {
				t.Fatalf("the log has %q", lines)
			}
			program := sha256.Sum256(installed(t, c.task.Pid()).Bytes())
			for _, want := range []string{
				`level=info msg="exec: [\"/bin/sh\" \"-c\" \"exit 7 # a\\nlevel=error\" \"xxx`, `x..."`,
				"container_id=" + id, "exec_id=", "pid=", "uid=12", `profile="seccomp profile (linux.seccomp)"`, fmt.Sprintf("program=\"sha256:%x\"", program),
			} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("no %s in %s", want, lines[0])
				}
			}
		})
	}
}
