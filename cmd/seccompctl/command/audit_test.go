package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"seccomp-shim/bpf"
	"seccomp-shim/cmd/seccompctl/owner"
	"seccomp-shim/seccomp/audit"
	"seccomp-shim/seccomp/denials"
)

// A fakeReader gives one batch after the other.
type fakeReader struct {
	batches [][]denials.Record
	losses  []audit.Loss
}

func (f *fakeReader) Read() (records []denials.Record, loss audit.Loss, _ error) {
	if len(f.batches) > 0 {
		records, f.batches = f.batches[0], f.batches[1:]
	}
	if len(f.losses) > 0 {
		loss, f.losses = f.losses[0], f.losses[1:]
	}
	return records, loss, nil
}

const webPID, appPID, endedPID = 10, 11, 12

// auditOf returns a view of records that are no kernel's.
func auditOf(t *testing.T, format string, r *fakeReader) *auditView {
	t.Setenv("TZ", "UTC")
	v := &auditView{output: &outputFormat{value: format}, records: r}
	v.tally.statusErr = errors.New("not asked")
	v.find = func(r denials.Record) (*owner.Container, error) {
		switch r.PID {
		case webPID:
			return &owner.Container{Namespace: "k8s.io", ID: "0123", Pod: &denials.Pod{Namespace: "default", Name: "web", Container: "nginx"}}, nil
		case appPID:
			return &owner.Container{Namespace: "default", ID: "app"}, nil
		}
		return nil, owner.ErrEnded
	}
	return v
}

func logged(pid int, number uint32, second int) denials.Record {
	return denials.Record{Time: time.Date(2026, 11, 28, 6, 0, second, 0, time.Local), PID: pid, Thread: "t", Executable: "/bin/x",
		Arch: bpf.ArchX86_64, Number: number, Action: bpf.Log}
}

func TestAudit(t *testing.T) {
	hostile := logged(appPID, 83, 3)
	hostile.Executable, hostile.Action = "/\x1b[31m\nx", bpf.KillProcess
	x32 := logged(appPID, 83|bpf.X32Bit, 4)
	foreign := logged(endedPID, 5000, 5)
	refused := logged(webPID, 272, 6)
	refused.Action = bpf.ErrnoOf(0) // the kernel leaves the number out
	batch := []denials.Record{logged(webPID, 83, 1), logged(webPID, 83, 2), hostile, x32, foreign, refused}
	const want = "LAST                 COUNT  CONTAINER          EXECUTABLE      CALL          ABI               ANSWER\n" +
		"2026-11-28 06:00:02  2      default/web/nginx  /bin/x          mkdir         SCMP_ARCH_X86_64  LOG\n" +
		`2026-11-28 06:00:03  1      app                "/\x1b[31m\nx"  mkdir         SCMP_ARCH_X86_64  KILL_PROCESS` + "\n" +
		"2026-11-28 06:00:04  1      app                /bin/x          mkdir         SCMP_ARCH_X32     LOG\n" +
		"2026-11-28 06:00:05  1      unknown            /bin/x          syscall 5000  x86_64            LOG\n" +
		"2026-11-28 06:00:06  1      default/web/nginx  /bin/x          unshare       SCMP_ARCH_X86_64  ERRNO\n" +
		"unknown container: the process has ended\n" +
		"lost records: 7 by the rate limit of the kernel's log (callbacks suppressed), 2 by this reader, which was too slow, " +
		"some by the kernel's log, which was full\n"
	var out bytes.Buffer
	loss := []audit.Loss{{Suppressed: 7, Dropped: 2, Overwritten: true}}
	if err := auditOf(t, "text", &fakeReader{[][]denials.Record{batch}, loss}).show(&out); err != nil || out.String() != want {
		t.Errorf("%v\n%s\nwant\n%s", err, out.String(), want)
	}

	out.Reset()
	if err := auditOf(t, "json", &fakeReader{[][]denials.Record{batch}, loss}).show(&out); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Calls []recorded
		Lost  lostRecords
	}
	if err := json.Unmarshal(out.Bytes(), &document); err != nil || len(document.Calls) != 5 || document.Lost != (lostRecords{RateLimit: 7, Reader: 2, Overwritten: true}) {
		t.Fatalf("%v in %s", err, out.String())
	}
	if first := document.Calls[0]; first.Count != 2 || first.Container.Name() != "default/web/nginx" || first.PID != webPID || !first.First.Before(first.Last) {
		t.Errorf("got %+v", first)
	}

	for word, lines := range map[string]int{"web": 2, "app": 2, "0123": 2, "default/web/nginx": 2, "nobody": 0} {
		out.Reset()
		v := auditOf(t, "text", &fakeReader{[][]denials.Record{batch}, nil})
		v.container = word
		if err := v.show(&out); err != nil || strings.Count(out.String(), "2026-11-28") != lines {
			t.Errorf("%s: %v\n%s", word, err, out.String())
		}
	}
}

// A container can make any number of executables: the calls beyond a bound are counted
// together.
func TestAuditIsBounded(t *testing.T) {
	batch := make([]denials.Record, 0, mostRecorded+5)
	for i := range mostRecorded + 5 {
		r := logged(appPID, 83, 1)
		r.Executable = fmt.Sprint("/", i)
		batch = append(batch, r)
	}
	v := auditOf(t, "text", &fakeReader{[][]denials.Record{batch}, nil})
	var out bytes.Buffer
	if err := v.show(&out); err != nil || len(v.tally.calls) != mostRecorded || !strings.HasSuffix(out.String(), "\n5 records more, beyond 4096 different calls\n") {
		t.Errorf("%v, %d calls, %d others", err, len(v.tally.calls), v.tally.others)
	}
}

// With --follow each call has a line, and one more when its count has grown.
func TestFollowRecords(t *testing.T) {
	first := []denials.Record{logged(appPID, 83, 1)}
	second := []denials.Record{logged(appPID, 83, 2), logged(appPID, 83, 3), logged(endedPID, 272, 3)}
	ctx, cancel := context.WithTimeout(t.Context(), pollPause+10*readPause)
	defer cancel()
	reader := &fakeReader{[][]denials.Record{first, second}, []audit.Loss{{}, {Dropped: 3}}}
	var out bytes.Buffer
	if err := auditOf(t, "text", reader).followRecords(ctx, &out); err != nil {
		t.Fatal(err)
	}
	const want = "2026-11-28 06:00:01 app /bin/x: mkdir ×1 (SCMP_ARCH_X86_64): LOG\n" +
		"2026-11-28 06:00:03 app /bin/x: mkdir ×3 (SCMP_ARCH_X86_64): LOG\n" +
		"2026-11-28 06:00:03 unknown /bin/x: unshare ×1 (SCMP_ARCH_X86_64): LOG\n" +
		"lost records: 3 by this reader, which was too slow\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestAuditUsage(t *testing.T) {
	if out := ctl("", "audit", "a", "b"); out.code != exitUsage || !strings.Contains(out.stderr, `"b": one container at a time`) {
		t.Errorf("got %+v", out)
	}
}
