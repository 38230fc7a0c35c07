// Package echo has the demo's HTTP echo server, in C, and the proof that it makes only
// the calls of the tutorial's fine-grained profile.
package echo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/seccomp/libseccomp-golang"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

const (
	text = "just made some syscalls!"

	// confineEnv makes the test binary load the tutorial's list with this default
	// action, and then become the program in its arguments.
	confineEnv = "ECHO_TEST_CONFINE"
	withKill   = "kill"
	withErrno  = "errno"
)

func TestMain(m *testing.M) {
	if action := os.Getenv(confineEnv); action != "" {
		fmt.Fprintln(os.Stderr, confine(action, os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// confine replaces this process by the program in args, under the filter. It returns
// only if that fails.
func confine(action string, args []string) error {
	runtime.LockOSThread() // the filter applies to this thread
	data, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), "integration/testdata/profiles/fine-grained.json"))
	if err != nil {
		return err
	}
	var profile specs.LinuxSeccomp
	if err := json.Unmarshal(data, &profile); err != nil {
		return err
	}
	fallback := seccomp.ActErrno.SetReturnCode(int16(syscall.EPERM))
	if action == withKill {
		fallback = seccomp.ActKillProcess
	}
	filter, err := seccomp.NewFilter(fallback)
	if err != nil {
		return err
	}
	for _, rule := range profile.Syscalls {
		for _, name := range rule.Names {
			nr, err := seccomp.GetSyscallFromName(name)
			if err != nil {
				continue // an amd64 name that another architecture does not have
			}
			if err := filter.AddRule(nr, seccomp.ActAllow); err != nil {
				return fmt.Errorf("allow %s: %w", name, err)
			}
		}
	}
	// Go raises the soft limit on open files at its start and lowers it again in Exec,
	// by a call that is not in the list. It does not touch a limit that the program has
	// set itself.
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	// Exec makes this thread the only one of the process. Between load and Exec it
	// makes only calls of the list.
	if err := load(filter); err != nil {
		return err
	}
	return syscall.Exec(args[0], args, os.Environ())
}

// load gives this thread the filter. The library's own Load gives it to all threads,
// and a thread that these start makes a call that is not in the list, for which glibc
// aborts the process.
func load(filter *seccomp.ScmpFilter) error {
	r, w, err := os.Pipe() // it holds more than the list needs
	if err != nil {
		return err
	}
	if err := errors.Join(filter.ExportBPF(w), w.Close()); err != nil {
		return err
	}
	code, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{
		Len:    uint16(len(code) / unix.SizeofSockFilter),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(code))),
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// start runs http-echo under the tutorial's list and returns its URL once it serves.
func start(t *testing.T, action string) (*exec.Cmd, string) {
	t.Helper()
	binary := filepath.Join(testbed.BinDir(), "http-echo")
	if _, err := os.Stat(binary); err != nil {
		t.Skipf("needs http-echo: %v (%s names another folder)", err, testbed.BinEnv)
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()

	cmd := exec.Command(os.Args[0], binary, "-listen", address, "-text="+text)
	cmd.Env = append(os.Environ(), confineEnv+"="+action)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp4", address)
		if err == nil {
			conn.Close()
			return cmd, "http://" + address
		}
		if time.Now().After(deadline) {
			t.Fatalf("http-echo does not serve: %v", err)
		}
	}
}

func get(url string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// If any other call is fatal, the server starts, answers and exits normally.
func TestMakesOnlyListedCalls(t *testing.T) {
	cmd, url := start(t, withKill)
	for _, path := range []string{"/", "/index.html", "/syscall/nonsense"} {
		want := text + "\n"
		if strings.HasPrefix(path, "/syscall/") {
			want = "no such probe: nonsense\n"
		}
		if got, err := get(url + path); got != want || err != nil {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// If any other call is fatal, a probe is fatal: the server of the test above was
// confined.
func TestUnlistedCallIsFatal(t *testing.T) {
	cmd, url := start(t, withKill)
	if got, err := get(url + "/syscall/keyctl"); err == nil && strings.Contains(got, "keyctl") {
		t.Errorf("probe answers %q", got)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != unix.SIGSYS {
		t.Errorf("after a probe: %v", err)
	}
}

// Under the tutorial's profile each probe is denied, the server says so, and runs on.
func TestProbesAreOutsideTheList(t *testing.T) {
	_, url := start(t, withErrno)
	for _, name := range []string{"add_key", "getppid", "keyctl", "mkdirat", "unshare"} {
		want := name + ": EPERM\n"
		if got, err := get(url + "/syscall/" + name); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestRefusesToStart(t *testing.T) {
	_, url := start(t, withErrno)
	taken := strings.TrimPrefix(url, "http://")
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-listen", taken}, 1, "http-echo: bind address: "},
		{[]string{"-listen", "localhost:1"}, 2, "http-echo: localhost:1: want [IPv4]:PORT"},
		{[]string{"-listen", ":65536"}, 2, "http-echo: :65536: want"},
		{[]string{"-listen"}, 2, "http-echo: -listen: want"},
		{[]string{"text"}, 2, "http-echo: text: want"},
	} {
		out, err := exec.Command(filepath.Join(testbed.BinDir(), "http-echo"), row.args...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != row.code || !strings.HasPrefix(string(out), row.says) {
			t.Errorf("%q: %v, %q", row.args, err, out)
		}
	}
}
