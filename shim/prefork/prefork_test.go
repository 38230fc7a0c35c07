package prefork

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A test runs this binary with the argument start. Its child does one of these.
const behaviour = "PREFORK_TEST_CHILD"

func TestMain(m *testing.M) {
	if IsChild() {
		child(os.Getenv(behaviour))
	}
	os.Exit(m.Run())
}

func child(does string) {
	switch does {
	case "serves":
		description := strings.Join(os.Args[1:], " ") + "|" + strconv.Itoa(os.Getpid())
		if err := Answer([]byte(description)); err != nil {
			os.Exit(3)
		}
		time.Sleep(time.Minute)
	case "fails":
		os.Stderr.WriteString("no such option")
		os.Exit(7)
	case "says nothing":
		os.Exit(0)
	case "is killed":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	case "is late":
		file := os.Getenv("PREFORK_TEST_FILE")
		parent := os.Getppid()
		_ = os.WriteFile(file+".ready", nil, 0o600)
		for unix.Kill(parent, 0) == nil {
			time.Sleep(time.Millisecond)
		}
		_ = os.WriteFile(file, []byte(Answer(nil).Error()), 0o600)
		os.Exit(0)
	}
}

func start(t *testing.T, does string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-namespace", "test", "-id", "a", "start")
	cmd.Env = append(os.Environ(), behaviour+"="+does)
	return cmd
}

func TestAnswer(t *testing.T) {
	began := time.Now()
	out, err := start(t, "serves").CombinedOutput() // returns at the end of the output
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fields := strings.Split(string(out), "|")
	if len(fields) != 2 {
		t.Fatalf("answer: %q", out)
	}
	pid, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Kill(pid, unix.SIGKILL) })
	if time.Since(began) > 20*time.Second {
		t.Error("the output ended with the server, not with the answer")
	}
	if want := "-namespace test -id a "; fields[0] != want {
		t.Errorf("the child's arguments are %q, want %q", fields[0], want)
	}
	if group, err := unix.Getpgid(pid); err != nil || group != pid {
		t.Errorf("process group %d (%v), want the child's own, %d", group, err, pid)
	}
	if line, err := os.ReadFile("/proc/" + fields[1] + "/cmdline"); err != nil || bytes.Contains(line, []byte("start")) {
		t.Errorf("/proc shows the arguments %q (%v), want them without the action", line, err)
	}
	for _, fd := range []string{"0", "1", "2"} {
		if target, err := os.Readlink("/proc/" + fields[1] + "/fd/" + fd); err != nil || target != os.DevNull {
			t.Errorf("descriptor %s is %s (%v), want %s", fd, target, err, os.DevNull)
		}
	}
}

func TestChildWithoutAnswer(t *testing.T) {
	for _, row := range []struct {
		does   string
		status int
		says   string
	}{
		{"fails", 7, "no such option"},
		{"says nothing", 1, "start: the shim ended without an answer\n"},
		{"is killed", 128 + int(unix.SIGKILL), "start: the shim was killed by signal 9\n"},
	} {
		t.Run(row.does, func(t *testing.T) {
			cmd := start(t, row.does)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			out, err := cmd.Output()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != row.status {
				t.Errorf("%v, want exit status %d", err, row.status)
			}
			if stderr.String() != row.says || len(out) > 0 {
				t.Errorf("stderr %q, stdout %q; want %q and nothing", &stderr, out, row.says)
			}
		})
	}
}

// Nobody would know of a server whose answer was not read.
func TestParentIsKilled(t *testing.T) {
	file := t.TempDir() + "/error"
	cmd := start(t, "is late")
	cmd.Env = append(cmd.Env, "PREFORK_TEST_FILE="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, file+".ready")
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	await(t, file)
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "broken pipe") {
		t.Errorf("the child's answer: %q, %v; want a broken pipe", text, err)
	}
}

func await(t *testing.T, file string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
	}
	t.Fatalf("%s is not there", file)
}

func TestOtherProcesses(t *testing.T) {
	if IsChild() {
		t.Error("a process whose last argument is not start was forked")
	}
	if err := Answer(nil); err == nil {
		t.Error("a process that nobody waits for answers")
	}
}
