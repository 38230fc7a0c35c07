package libseccomp

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

// helperEnv makes this binary the child that runs libseccomp.
const helperEnv = "SECCOMP_SHIM_COMPILE"

// The helper's limits. The limit of time is of processor time, so that it does not depend
// on other work of the machine. containerd's default profile takes a
// hundredth of it.
//
// Memory is charged to the shim's cgroup: containerd's, or that of the option ShimCgroup.
// The pod's cgroup does not exist yet. libseccomp takes 40 MiB for the largest programs that
// the kernel accepts, and 95 for rules that use up its time.
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

// Helper must be called first by each main that calls [Compile]. In the process that
// Compile has started it runs libseccomp, and does not return.
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

// limitMemory limits the memory that is allocated from here on, with the stacks of later
// threads. The memory in use is mostly stacks of threads, of RLIMIT_STACK each (8 MiB by
// default) and hardly touched.
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

// exitWhenSpent ends the process with exitSpent when its processor time is used up. The
// kernel's SIGKILL, at the hard limit, could not be told from another SIGKILL.
func exitWhenSpent() {
	spent := make(chan os.Signal, 1)
	signal.Notify(spent, unix.SIGXCPU)
	go func() {
		<-spent
		os.Exit(exitSpent)
	}()
}

// lowerLimit sets a resource's limits, unless they are lower already.
func lowerLimit(resource int, soft, hard uint64) error {
	var inForce unix.Rlimit
	if err := unix.Getrlimit(resource, &inForce); err != nil {
		return err
	}
	hard = min(hard, inForce.Max)
	return unix.Setrlimit(resource, &unix.Rlimit{Cur: min(soft, hard), Max: hard})
}

// Compile returns libseccomp's program for a profile. It runs libseccomp in a child process,
// which has ended when Compile returns. The error is an [*Error] if libseccomp is the
// reason, or a [*seccomp.InvalidError] if libseccomp does not support a field.
func Compile(ctx context.Context, spec *specs.LinuxSeccomp) (bpf.Program, error) {
	if os.Getenv(helperEnv) != "" {
		return bpf.Program{}, errors.New("libseccomp: this program's main does not call libseccomp.Helper")
	}
	text, err := json.Marshal(spec)
	if err != nil {
		return bpf.Program{}, err
	}
	// The kernel sends Pdeathsig when the thread that forked ends.
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
		return bpf.Program{}, fmt.Errorf("%w: libseccomp %s has not finished", context.Cause(ctx), Version())
	case err != nil:
		return bpf.Program{}, ended(cmd.ProcessState, err, firstLine(stderr.Bytes()))
	}
	return readReply(out)
}

func readReply(raw []byte) (bpf.Program, error) {
	var r reply
	if err := json.Unmarshal(raw, &r); err != nil {
		return bpf.Program{}, &Error{Cause: fmt.Errorf("read the reply: %w", err)}
	}
	if r.Invalid != nil {
		return bpf.Program{}, r.Invalid
	}
	if r.Error != "" {
		return bpf.Program{}, &Error{Cause: errors.New(r.Error)}
	}
	program, err := bpf.Decode(r.Program)
	if err != nil {
		tooLong := (*bpf.LengthError)(nil)
		return bpf.Program{}, &Error{Cause: err, Lasting: errors.As(err, &tooLong)}
	}
	return program, nil
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return line
}
