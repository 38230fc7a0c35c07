package command

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/self"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/installed"
)

// confineEnv makes the test binary load the program of the file that it names, and wait.
const confineEnv = "SECCOMPCTL_TEST_CONFINE"

// harmless is a profile under which a process can do all that it needs.
const harmless = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["swapon"],"action":"SCMP_ACT_ERRNO","errnoRet":77}]}`

func confine() {
	raw, err := os.ReadFile(os.Getenv(confineEnv))
	if err == nil {
		err = load(raw)
	}
	fmt.Println(err)
	time.Sleep(time.Hour) // the parent kills it
}

// write writes a file for the test.
func write(t *testing.T, content string) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func programOf(t *testing.T, text string) bpf.Program {
	t.Helper()
	p, err := seccomp.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return compiled(t, p)
}

func TestInspectFile(t *testing.T) {
	program := programOf(t, harmless)
	file := write(t, string(program.Bytes()))
	got := mustCtl(t, "inspect", file)
	for _, want := range []string{
		"program:        " + file + "\n", fmt.Sprintf("instructions:   %d\n", program.Len()),
		"actions:        KILL_THREAD, ERRNO(77 file descriptor in bad state), ALLOW\n", "ret   ALLOW\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if got := mustCtl(t, "inspect", "-o", "bpf", file); got != string(program.Bytes()) {
		t.Error("other bytes")
	}
}

func TestInspectComparesWithAProfile(t *testing.T) {
	file := write(t, string(programOf(t, harmless).Bytes()))
	same, other := write(t, harmless), write(t, strings.Replace(harmless, "77", "78", 1))
	if got := mustCtl(t, "inspect", file, "--profile", same); !strings.Contains(got, "equal:          true\n") {
		t.Errorf("got\n%s", got)
	}
	got := ctl("", "inspect", file, "--profile", other)
	want := "args 0x0 0x0 0x0 0x0 0x0 0x0: program ERRNO(77 file descriptor in bad state), profile ERRNO(78 remote address changed)\n"
	if got.code != exitFailure || !strings.Contains(got.stdout, "difference:     swapon: ") || !strings.Contains(got.stdout, want) {
		t.Errorf("got %+v", got)
	}
	if !strings.Contains(got.stderr, "no program decides as "+other+" says") {
		t.Errorf("stderr %q", got.stderr)
	}
}

// A call that the program lets through is more important than one that only the program
// denies.
func TestInspectShowsWhatGetsThroughFirst(t *testing.T) {
	written := func(denied string) string {
		return `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["` + denied + `"],"action":"SCMP_ACT_ERRNO"}]}`
	}
	for _, row := range []struct{ program, profile string }{{"read", "write"}, {"write", "read"}} {
		got := ctl("", "inspect", write(t, string(programOf(t, written(row.program)).Bytes())), "--profile", write(t, written(row.profile)))
		through := strings.Index(got.stdout, "difference:     "+row.profile+": ")
		denied := strings.Index(got.stdout, "difference:     "+row.program+": ")
		if through < 0 || denied < through {
			t.Errorf("%s is let through; got\n%s", row.profile, got.stdout)
		}
	}
}

func TestInspectProcess(t *testing.T) {
	program := programOf(t, harmless)
	pid := confined(t, write(t, string(program.Bytes())))
	got := ctl("", "inspect", "-o", "bpf", "--pid", pid)
	if strings.Contains(got.stderr, installed.ErrUnsupported.Error()) || strings.Contains(got.stderr, unix.EPERM.Error()) {
		t.Skip(got.stderr)
	}
	if got.code != 0 || got.stdout != string(program.Bytes()) {
		t.Fatalf("exit code %d, %d bytes: %s", got.code, len(got.stdout), got.stderr)
	}
	var doc struct {
		Programs []struct {
			Name     string
			Logs     *bool
			Match    *match
			Program  []byte
			Assembly []string
		}
	}
	text := mustCtl(t, "inspect", "-o", "json", "--pid", pid, "--profile", write(t, harmless))
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	p := doc.Programs[0]
	if len(doc.Programs) != 1 || p.Logs == nil || *p.Logs || p.Match == nil || !p.Match.Equal || len(p.Assembly) != program.Len() ||
		string(p.Program) != string(program.Bytes()) || p.Name != "process "+pid+", filter 1 of 1" {
		t.Errorf("got %s", text)
	}
}

func TestInspectUnconfinedProcess(t *testing.T) {
	pid := confined(t, "/dev/null")
	got := ctl("", "inspect", "--pid", pid)
	if strings.Contains(got.stderr, unix.EPERM.Error()) || strings.Contains(got.stderr, installed.ErrUnsupported.Error()) {
		t.Skip(got.stderr)
	}
	if got.code != exitFailure || !strings.Contains(got.stderr, "process "+pid+" runs without a seccomp program") {
		t.Errorf("got %+v", got)
	}
}

// confined starts a process under the program in a file, or without one if file is empty.
func confined(t *testing.T, file string) (pid string) {
	t.Helper()
	cmd, got := self.Start(t, nil, confineEnv+"="+file)
	if got != "<nil>\n" {
		t.Fatalf("load the program: %q", got)
	}
	return fmt.Sprint(cmd.Process.Pid)
}
