package integration

import (
	"fmt"
	"strings"
	"testing"
)

// `ctr events` shows a refused call once, when it is first seen.
func TestRefusedCallIsAnEvent(t *testing.T) {
	t.Parallel()
	id := newObservedID(t)
	var events output
	cmd := node.Command(t.Context(), "events")
	cmd.Stdout, cmd.Stderr = &events, &events
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`)
	eventually(t, "ctr events shows something", func() bool {
		mustCtr(t, "namespaces", "label", node.Namespace(), "asked=by-"+id)
		return events.String() != ""
	})
	c := launch(t, id, calls(call("getpgid", 1), call("getpgid", 2), call("getpgid", 3)), under(p), annotatedWith(observeAs+"denials"))
	c.end(t)
	events.await(t, fmt.Sprintf(`"container_id":%q`, id)) // of its end or deletion
	want := fmt.Sprintf(` /seccomp/denied {"code":7,"message":"%s: getpgid ×1: ERRNO(71 protocol error) by syscalls[0], in /bin/calls"}`, id)
	events.await(t, want)
	if n := strings.Count(events.String(), "/seccomp/denied {\"code\":7,\"message\":\""+id); n != 1 {
		t.Errorf("%d events:\n%s", n, &events)
	}
}
