package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestPs(t *testing.T) {
	t.Parallel()
	id := newID(t)
	c := hold(t, id, nil)
	mustCtr(t, execArgs(id, "other", []string{"-d"}, []string{"/bin/sleep", "1000"})...)
	listed := lines(mustCtr(t, "task", "ps", id))
	if len(listed) != 3 {
		t.Fatalf("want a heading and two processes:\n%s", strings.Join(listed, "\n"))
	}
	init := fmt.Sprint(c.task.Pid())
	for _, line := range listed[1:] {
		pid, info, _ := strings.Cut(line, " ")
		isOther := strings.Contains(info, `exec_id:"other"`) || strings.Contains(info, "ExecID:other,") // the second form is ctr 1.6's
		if isInit := pid == init; isInit == isOther {
			t.Errorf("init is %s; listed: %q", init, line)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	id := newID(t)
	hold(t, id, nil)
	var metrics struct { // the fields that the messages of both cgroup versions have
		Memory struct{ Usage json.RawMessage }
		Pids   struct{ Current uint64 }
		CPU    map[string]json.RawMessage
	}
	text := mustCtr(t, "task", "metrics", "--format", "json", id)
	if err := json.Unmarshal([]byte(text), &metrics); err != nil {
		t.Fatal(err)
	}
	if metrics.Pids.Current != 1 || len(metrics.CPU) == 0 || len(metrics.Memory.Usage) == 0 {
		t.Errorf("metrics of one process: %s", text)
	}
}
