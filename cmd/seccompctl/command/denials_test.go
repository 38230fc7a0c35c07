package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/reports"
)

// writeReports makes a folder with the reports of three containers.
func writeReports(t *testing.T) (dir string) {
	t.Helper()
	t.Setenv("TZ", "UTC")
	dir = t.TempDir()
	at := func(second int) time.Time { return time.Date(2026, 11, 28, 6, 0, second, 0, time.UTC) }
	denial := func(text string, count uint64, last int) *denials.Denial {
		return &denials.Denial{First: at(0), Last: at(last), Count: count,
			Process: denials.Process{Kind: denials.Init, PID: 42, Thread: "app", Executable: "/bin/app"},
			Call:    denials.Call{Text: text, Syscall: text, ABI: "SCMP_ARCH_X86_64", Answer: "ERRNO(1 operation not permitted)", Rule: "syscalls[3]", Why: "syscalls[3]: arg0 < 5"}}
	}
	probe, hostile := denial("clone3", 7, 1), denial("mkdir", 1, 2)
	probe.Probe, hostile.Executable = true, "/\x1b[31m\nx"
	for _, r := range []denials.Report{
		{ID: "aaaa1", Mode: denials.Enforcing, Pod: &denials.Pod{Namespace: "default", Name: "web", Container: "nginx"}, Denials: []*denials.Denial{denial("openat2", 3, 9), probe}, Others: 5},
		{ID: "bbbb1", Mode: denials.Trial, Denials: []*denials.Denial{hostile}},
		{ID: "cccc1", Mode: denials.Enforcing, Profile: "seccomp profile (linux.seccomp)", Denials: []*denials.Denial{}},
	} {
		r.Format, r.Namespace = denials.ReportFormat, "k8s.io"
		writeReport(t, dir, &r)
	}
	return dir
}

func writeReport(t *testing.T, dir string, r *denials.Report) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, r.Namespace), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, r.Namespace, r.ID+".json")
	if err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

func TestDenials(t *testing.T) {
	dir := writeReports(t)
	local := func(second string) string {
		at, _ := time.Parse(timeForm, "2026-11-28 06:00:"+second)
		return at.Local().Format(timeForm)
	}
	const head = "LAST                 COUNT  CONTAINER          PROCESS  EXECUTABLE  CALL     ANSWER                            RULE\n"
	web := local("09") + "  3      default/web/nginx  init     /bin/app    openat2  ERRNO(1 operation not permitted)  syscalls[3]: arg0 < 5\n" +
		"default/web/nginx: 5 calls more, beyond 256 different ones\n"
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"web"}, head + web},
		{[]string{"aaaa"}, head + web},
		{[]string{"default/web/nginx"}, head + web},
		{[]string{"cccc1"}, "cccc1: observed (denials) under its seccomp profile (linux.seccomp), no call was refused\n"},
		{[]string{"bbbb1"}, "LAST                 COUNT  CONTAINER  PROCESS  EXECUTABLE      CALL   ANSWER                                         RULE\n" +
			local("02") + `  1      bbbb1      init     "/\x1b[31m\nx"  mkdir  ERRNO(1 operation not permitted), let through  syscalls[3]: arg0 < 5` + "\n"},
	} {
		out := ctl("", append([]string{"denials", "--dir", dir}, row.args...)...)
		if out.code != 0 || out.stdout != row.want {
			t.Errorf("%v: %d %s\n%s\nwant\n%s", row.args, out.code, out.stderr, out.stdout, row.want)
		}
	}
	if out := ctl("", "denials", "--dir", dir, "--all"); strings.Count(out.stdout, "\n") != 6 || !strings.Contains(out.stdout, "clone3") {
		t.Errorf("all: %s", out.stdout)
	}
	if out := ctl("", "denials", "--dir", dir, "nobody"); out.code != 1 || !strings.Contains(out.stderr, `container "nobody": no container of this node`) {
		t.Errorf("nobody: %+v", out)
	}
	if out := ctl("", "denials", "--dir", filepath.Join(dir, "none")); out.code != 0 || out.stdout != "" {
		t.Errorf("no folder: %+v", out)
	}
	var reports []denials.Report
	out := ctl("", "denials", "--dir", dir, "-o", "json")
	if err := json.Unmarshal([]byte(out.stdout), &reports); err != nil || len(reports) != 3 || len(reports[0].Denials) != 1 {
		t.Errorf("%v in %s", err, out.stdout)
	}
}

// A report that this program does not know is an error that names the file.
func TestDenialsOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	writeReport(t, dir, &denials.Report{Format: 2, Namespace: "k8s.io", ID: "x"})
	if out := ctl("", "denials", "--dir", dir); out.code != 1 || !strings.Contains(out.stderr, "x.json: format 2") {
		t.Errorf("got %+v", out)
	}
}

// With --follow each call has a line, and one more when its count has grown.
func TestFollow(t *testing.T) {
	dir := writeReports(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*pollPause)
	defer cancel()
	go func() {
		time.Sleep(2 * pollPause)
		r, err := reports.ReadFile(filepath.Join(dir, "k8s.io/aaaa1.json"))
		if err != nil {
			t.Error(err)
			return
		}
		r.Denials[0].Count = 4
		writeReport(t, dir, r)
	}()
	var out bytes.Buffer
	cmd := Root()
	cmd.SetArgs([]string{"denials", "--dir", dir, "-f"})
	cmd.SetOut(&out)
	if err := cmd.ExecuteContext(ctx); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"openat2 ×3: ", "openat2 ×4: ", `bbbb1 init "/\x1b[31m\nx": mkdir ×1: ERRNO(1 operation not permitted), let through by syscalls[3]: arg0 < 5` + "\n"} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("not once %q in\n%s", want, out.String())
		}
	}
}
