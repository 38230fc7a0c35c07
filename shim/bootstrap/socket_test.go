package bootstrap

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/reexec"
)

// socketEnv makes the test binary a shim that listens on the named socket. Its child
// has the socket too, for the seconds of lingerEnv, as between fork and execve.
// bindEnv makes it a shim that binds the named socket, as the child of a start.
const (
	socketEnv = "SECCOMP_SHIM_TEST_SOCKET"
	lingerEnv = "SECCOMP_SHIM_TEST_LINGER"
	bindEnv   = "SECCOMP_SHIM_TEST_BIND"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(socketEnv) != "":
		listenAndLinger(os.Getenv(socketEnv), os.Getenv(lingerEnv))
	case os.Getenv(bindEnv) != "":
		if socket, err := bindSocket("unix://" + os.Getenv(bindEnv)); socket == nil || err != nil {
			panic(err)
		}
	default:
		os.Exit(m.Run())
	}
	os.Stdout.WriteString("ready\n")
	select {}
}

func listenAndLinger(path, linger string) {
	socket, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	file, err := socket.(*net.UnixListener).File()
	if err != nil {
		panic(err)
	}
	child := exec.Command("sleep", linger)
	child.ExtraFiles = []*os.File{file}
	if err := child.Start(); err != nil {
		panic(err)
	}
}

// killedShim returns the socket of a shim that was killed, and whose child keeps the
// socket for linger seconds.
func killedShim(t *testing.T, linger string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	cmd, _ := reexec.Start(t, nil, socketEnv+"="+path, lingerEnv+"="+linger)
	if _, err := listeningPID(path); err != nil {
		t.Fatalf("the shim does not listen: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, err := listeningPID(path); err != nil {
		t.Fatalf("the shim's child does not have the socket: %v", err)
	}
	return path
}

// hasShim waits until the children of a killed shim have closed its socket.
func TestKilledShimsSocket(t *testing.T) {
	t.Parallel()
	if hasShim(killedShim(t, "0.3")) {
		t.Error("hasShim finds a shim")
	}
}

// A process that listens is found at once, also if it does not answer.
func TestNewShimsSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	socket, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	start := time.Now()
	if !hasShim(path) {
		t.Error("hasShim finds none")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("hasShim took %v", took)
	}
	if pid, err := listeningPID(path); pid != os.Getpid() || err != nil {
		t.Errorf("process %d listens (%v), not %d", pid, err, os.Getpid())
	}
}

// The socket is descriptor 3, where RunShim looks for it, and clients see the shim's
// credentials. A second shim finds the first.
func TestBindSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	reserved, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer reserved.Close()
	child, _ := reexec.Start(t, []*os.File{reserved}, bindEnv+"="+path)
	pid := child.Process.Pid
	if who, err := listeningPID(path); who != pid || err != nil {
		t.Errorf("process %d listens (%v), not %d", who, err, pid)
	}
	if target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/3", pid)); err != nil || !strings.HasPrefix(target, "socket:") {
		t.Errorf("descriptor 3 is %s (%v), not the socket", target, err)
	}
	if socket, err := bindSocket("unix://" + path); socket != nil || err != nil {
		t.Errorf("the socket is bound once more: %v, %v", socket, err)
	}
}
