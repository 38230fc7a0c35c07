package compile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

// libseccomp runs in a process of its own, this binary once more: it hangs on
// some profiles, and a thread inside C cannot be stopped; and some releases
// corrupt memory on large ones (GHSA-46fr-jh49-xvhx, GHSA-2hqh-5c36-grrm).
const (
	helperEnv    = "SECCOMP_SHIM_COMPILE"
	helperMemory = 1 << 30 // bytes of RLIMIT_DATA
)

// reply is what the helper writes to its stdout.
type reply struct {
	Program []byte
	Invalid *seccomp.InvalidError
	Error   string
}

// Helper must be called first by each main that calls Compile. In the process
// that Compile has started to run libseccomp it does that, and does not return.
func Helper() {
	if os.Getenv(helperEnv) == "" {
		return
	}
	if err := help(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func help(in io.Reader, out io.Writer) error {
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: helperMemory, Max: helperMemory}); err != nil {
		return os.NewSyscallError("setrlimit(RLIMIT_DATA)", err)
	}
	var spec specs.LinuxSeccomp
	if err := json.NewDecoder(in).Decode(&spec); err != nil {
		return err
	}
	raw, err := generate(&spec)
	r := reply{Program: raw}
	if err != nil && !errors.As(err, &r.Invalid) {
		r.Error = err.Error()
	}
	return json.NewEncoder(out).Encode(r)
}

// byLibseccomp returns libseccomp's program for a profile. It takes as long as
// the context lasts at most, and leaves no process behind.
func byLibseccomp(ctx context.Context, spec *specs.LinuxSeccomp) (bpf.Program, error) {
	if os.Getenv(helperEnv) != "" {
		return bpf.Program{}, errors.New("compile: this program's main does not call compile.Helper")
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return bpf.Program{}, err
	}
	// A parent's death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), helperEnv+"=1", "GOMAXPROCS=1")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return bpf.Program{}, fmt.Errorf("%w: libseccomp %s has not finished", context.Cause(ctx), LibraryVersion())
	case err != nil:
		return bpf.Program{}, fmt.Errorf("libseccomp %s fails on the seccomp profile: %w: %s", LibraryVersion(), err, firstLine(stderr.Bytes()))
	}
	var r reply
	if err := json.Unmarshal(out, &r); err != nil {
		return bpf.Program{}, fmt.Errorf("libseccomp's reply: %w", err)
	}
	if r.Invalid != nil {
		return bpf.Program{}, r.Invalid
	}
	if r.Error != "" {
		return bpf.Program{}, errors.New(r.Error)
	}
	program, err := bpf.Decode(r.Program)
	if err != nil {
		return bpf.Program{}, fmt.Errorf("libseccomp's program for the seccomp profile: %w", err)
	}
	return program, nil
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}
