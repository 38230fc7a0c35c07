package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/integration/differential"
	"seccomp-shim/integration/testbed"
	kernel "seccomp-shim/seccomp/installed"
)

// The kernel runs, for a container's processes, the program that seccompctl compiles
// from the container's spec, byte for byte.
func TestInstalledProgram(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact    string
		profile *specs.LinuxSeccomp
	}{
		{"containerd's default profile", containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{
			Capabilities: &specs.LinuxCapabilities{Bounding: []string{"CAP_CHOWN", "CAP_SYS_PTRACE"}}}})},
		{"a list of syscalls", allowing(tutorialProfile(t, "fine-grained.json"))},
		{"a log of all syscalls", tutorialProfile(t, "audit.json")},
		{"many arguments", profile(t, manyArguments)},
		{"every action", allowing(profile(t, everyAction))},
		{"the native architecture alone", profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["kcmp"],"action":"SCMP_ACT_ERRNO"}]}`)},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, under(row.profile))
			want := compiledByTool(t, c)
			for who, pid := range map[string]uint32{"init": c.task.Pid(), "an exec": c.holdExec(t)} {
				if got := installed(t, pid); !got.Equal(want) {
					t.Errorf("%s runs under another program:\n%v\nnot\n%v", who, got, want)
				}
			}
		})
	}
}

const manyArguments = `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],"syscalls":[
	{"names":["kcmp"],"action":"SCMP_ACT_ERRNO","errnoRet":70,"args":[
		{"index":0,"value":4294967296,"op":"SCMP_CMP_GT"},{"index":1,"value":7,"op":"SCMP_CMP_NE"},
		{"index":4,"value":18446744073709551615,"valueTwo":3,"op":"SCMP_CMP_MASKED_EQ"}]},
	{"names":["add_key"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[{"index":2,"value":2147483648,"op":"SCMP_CMP_GE"}]},
	{"names":["add_key"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[{"index":3,"value":5,"op":"SCMP_CMP_EQ"}]},
	{"names":["request_key"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":5,"value":9223372036854775807,"op":"SCMP_CMP_LE"}]},
	{"names":["personality"],"action":"SCMP_ACT_TRAP","args":[{"index":0,"value":4026531840,"valueTwo":268435456,"op":"SCMP_CMP_MASKED_EQ"}]},
	{"names":["quotactl"],"action":"SCMP_ACT_ERRNO","errnoRet":72,"args":[
		{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]},
	{"names":["swapon"],"action":"SCMP_ACT_ERRNO","errnoRet":73,"args":[{"index":1,"value":18446744069414584320,"op":"SCMP_CMP_LT"}]}]}`

const everyAction = `{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":99,"architectures":["SCMP_ARCH_X86_64"],"syscalls":[
	{"names":["kcmp"],"action":"SCMP_ACT_KILL"},
	{"names":["add_key"],"action":"SCMP_ACT_KILL_THREAD"},
	{"names":["request_key"],"action":"SCMP_ACT_KILL_PROCESS"},
	{"names":["personality"],"action":"SCMP_ACT_TRAP"},
	{"names":["quotactl"],"action":"SCMP_ACT_ERRNO","errnoRet":4094},
	{"names":["swapon"],"action":"SCMP_ACT_TRACE","errnoRet":65535},
	{"names":["swapoff"],"action":"SCMP_ACT_LOG"}]}`

// RuntimeDefault depends on the capabilities. Named by an annotation, it allows the
// same as in a spec that containerd's client has filled in.
func TestRuntimeDefaultIsCtrsDefault(t *testing.T) {
	t.Parallel()
	needLinkedContainerd(t)
	const all = "all"
	drop := []string{}
	for _, name := range []string{"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
		"SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"} {
		drop = append(drop, "--cap-drop", "CAP_"+name)
	}
	programs := map[string]bpf.Program{}
	for _, row := range []struct {
		capabilities string
		flags        []string
	}{
		{"ctr's own", nil},
		{all, []string{"--privileged", "--privileged-without-host-devices"}},
		{"and CAP_SYS_ADMIN", []string{"--cap-add", "CAP_SYS_ADMIN"}},
		{"and CAP_SYS_PTRACE", []string{"--cap-add", "CAP_SYS_PTRACE"}},
		{"and CAP_BPF", []string{"--cap-add", "CAP_BPF"}},
		{"none", drop},
	} {
		t.Run(row.capabilities, func(t *testing.T) {
			var got [2]bpf.Program
			for i, flag := range []string{"--annotation=io.containerd.seccomp.v1/profile=RuntimeDefault", "--seccomp"} {
				id := newID(t)
				mustCtr(t, runArgs(id, append([]string{"-d", "--null-io", flag}, row.flags...), calls("hold"))...)
				got[i] = installed(t, runningProgram(t, id))
			}
			mustDecideAlike(t, "by annotation", got[0], got[1])
			for capabilities, other := range programs {
				if len(differential.Compare(got[0], other)) == 0 {
					t.Errorf("decides as for the capabilities %q", capabilities)
				}
			}
			programs[row.capabilities] = got[0]
		})
	}
}

// runningProgram waits until a container's init runs its program, and returns the pid.
func runningProgram(t *testing.T, id string) uint32 {
	t.Helper()
	pid := taskPid(t, id, "RUNNING")
	eventually(t, "the program runs", func() bool {
		exe, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe")) // it may still be libcontainer's
		return exe == "/bin/calls"
	})
	return uint32(pid)
}

// mustDecideAlike compares programs that come from different profiles.
func mustDecideAlike(t *testing.T, who string, got, want bpf.Program) {
	t.Helper()
	for _, d := range differential.Compare(got, want) {
		t.Errorf("%s runs under another program: %v", who, d)
	}
}

// installed reads the one program of a process from the kernel.
func installed(t *testing.T, pid uint32) bpf.Program {
	t.Helper()
	return installedFilter(t, pid).Program
}

func installedFilter(t *testing.T, pid uint32) kernel.LoadedFilter {
	t.Helper()
	filters, err := kernel.Filters(int(pid))
	if errors.Is(err, kernel.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(filters) != 1 {
		t.Fatalf("process %d has %d filters, not one", pid, len(filters))
	}
	return filters[0]
}

// compiledByTool returns the program that seccompctl compiles from a container's spec.
func compiledByTool(t *testing.T, c *container) bpf.Program {
	t.Helper()
	raw, err := compileByTool(t, c)
	if err != nil {
		t.Fatal(err)
	}
	program, err := bpf.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// compileByTool returns what seccompctl writes for a container's spec with these flags.
// The error has what it says.
func compileByTool(t *testing.T, c *container, flags ...string) ([]byte, error) {
	t.Helper()
	spec, err := c.Spec(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	tool := exec.Command(filepath.Join(testbed.BinDir(), "seccompctl"), append([]string{"compile", "-o", "bpf", "--spec", "-"}, flags...)...)
	var said bytes.Buffer
	tool.Stdin, tool.Stderr = bytes.NewReader(text), &said
	raw, err := tool.Output()
	if err != nil {
		return nil, fmt.Errorf("%v: %w: %s", tool.Args, err, &said)
	}
	return raw, nil
}

// holdExec runs the calls program in an exec and returns its pid when it has done these
// steps. The program then waits.
func (c *container) holdExec(t *testing.T, steps ...string) uint32 {
	t.Helper()
	var out output
	p, err := c.addExec(t, toStreams(nil, &out, nil), calls(append(steps, "hold")...))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(fmt.Errorf("start exec: %w", err))
	}
	out.await(t, "hold -> waiting")
	return p.Pid()
}
