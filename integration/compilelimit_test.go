package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
)

// hanging are rules that make libseccomp 2.5.0 to 2.6.1 loop.
const hanging = `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ALLOW"},
	{"names":["fchdir"],"action":"SCMP_ACT_ALLOW","args":[
		{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":18446744069414584320,"op":"SCMP_CMP_LE"}]},
	{"names":["fchdir"],"action":"SCMP_ACT_ALLOW","args":[
		{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":2147483647,"op":"SCMP_CMP_LE"}]}]}`

// A profile that cannot be compiled in time is refused. Meanwhile and afterwards the
// shim serves the rest of the pod.
func TestProfileThatHangsLibseccomp(t *testing.T) {
	t.Parallel()
	sandbox := newID(t)
	inPod := oci.WithAnnotations(map[string]string{sandboxAnnotation: sandbox})
	first := hold(t, sandbox, nil, inPod)
	shim := shimOf(t, first.task.Pid())

	refused := make(chan error, 1)
	id := newID(t)
	c := newContainer(t, id, calls("hold"), inPod, under(profile(t, hanging)))
	started := time.Now()
	go func() {
		_, err := c.NewTask(bounded(t), toStreams(nil, nil, nil))
		refused <- err
	}()
	if got := first.exec(t, calls("exit:4")).code; got != 4 {
		t.Errorf("an exec meanwhile gives %d", got)
	}
	select {
	case err := <-refused:
		if err == nil {
			t.Skip("this libseccomp does not hang on the profile")
		}
		if !strings.Contains(err.Error(), "libseccomp") || !strings.Contains(err.Error(), "not compiled within") {
			t.Errorf("error is %v", err)
		}
	case <-time.After(patience):
		t.Fatal("neither refused nor created")
	}
	if took := time.Since(started); took > 4500*time.Millisecond+refusalTime {
		t.Errorf("refused after %v", took)
	}
	if children := countChildren(t, shim); children != 1 {
		t.Errorf("the shim has %d children, not its one container", children)
	}
	third := hold(t, newID(t), nil, inPod)
	if other := shimOf(t, third.task.Pid()); other != shim {
		t.Errorf("shims %d and %d in one pod", shim, other)
	}
}
