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
	"os/signal"
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
const helperEnv = "SECCOMP_SHIM_COMPILE"

// The helper's limits. That of time is of processor time, so that it does not
// depend on what else the machine does. containerd's default profile takes a
// hundredth of it.
//
// Memory is charged to the shim's cgroup: containerd's, or that of the option ShimCgroup;
// the pod's is not made yet. The largest programs that the kernel takes cost libseccomp
// 40 MiB, rules on which its time is spent 95.
const (
	helperMemory  = 128 << 20 // bytes of RLIMIT_DATA, besides those in use at the start
	helperSeconds = 2         // of RLIMIT_CPU, which counts no fractions
)

// The helper's exit codes, besides 0 and 1.
const (
	exitCrashed = 2 // from Go's runtime, also for a signal in C
	exitSpent   = 3 // the processor time is used up
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
	if err := limitMemory(); err != nil {
		return err
	}
	exitWhenSpent()
	if err := lowerLimit(unix.RLIMIT_CPU, helperSeconds, helperSeconds+1); err != nil {
		return os.NewSyscallError("setrlimit(RLIMIT_CPU)", err)
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

// limitMemory bounds what is allocated from here on, stacks of later threads included.
// What is in use is mostly stacks of threads, 8 MiB each where RLIMIT_STACK says nothing
// else, and hardly touched.
func limitMemory() error {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return err
	}
	var size, resident, shared, code, library, data uint64 // in pages: proc_pid_statm(5)
	if _, err := fmt.Sscan(string(text), &size, &resident, &shared, &code, &library, &data); err != nil {
		return fmt.Errorf("/proc/self/statm: %q: %w", text, err)
	}
	limit := data*uint64(os.Getpagesize()) + helperMemory
	return os.NewSyscallError("setrlimit(RLIMIT_DATA)", lowerLimit(unix.RLIMIT_DATA, limit, limit))
}

// exitWhenSpent ends the process with a code of its own when its processor time is
// used up. The kernel's SIGKILL, at the hard limit, would look like anybody else's.
func exitWhenSpent() {
	spent := make(chan os.Signal, 1)
	signal.Notify(spent, unix.SIGXCPU)
	go func() {
		<-spent
		os.Exit(exitSpent)
	}()
}

// lowerLimit sets a resource's limits, unless lower ones are in force.
func lowerLimit(resource int, soft, hard uint64) error {
	var inForce unix.Rlimit
	if err := unix.Getrlimit(resource, &inForce); err != nil {
		return err
	}
	hard = min(hard, inForce.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: min(soft, hard), Max: hard})
}

// byLibseccomp returns libseccomp's program for a profile, and leaves no process
// behind. The error is a [*libseccompError] where libseccomp is to blame.
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
		return bpf.Program{}, ended(cmd.ProcessState, err, firstLine(stderr.Bytes()))
	}
	return readReply(out)
}

func readReply(raw []byte) (bpf.Program, error) {
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return bpf.Program{}, &libseccompError{cause: fmt.Errorf("read the reply: %w", err)}
	}
	if r.Invalid != nil {
		return bpf.Program{}, r.Invalid
	}
	if r.Error != "" {
		return bpf.Program{}, &libseccompError{cause: errors.New(r.Error)}
	}
	program, err := bpf.Decode(r.Program)
	if err != nil {
		tooLong := (*bpf.LengthError)(nil)
		return bpf.Program{}, &libseccompError{cause: err, lasting: errors.As(err, &tooLong)}
	}
	return program, nil
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}
