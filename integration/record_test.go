package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	runtimeoptions "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
	"seccomp-shim/seccomp/recording"
)

// Each call of the init, of an exec, of threads and of both conventions is in the recording,
// with its exact count and its values, and none of the runtime.
func TestRecording(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	id := newRecordedID(t)
	steps := []string{call("getpgid", 7), call("getpgid", 8), call("unshare", 0), legacy("getpgid", 1), legacy("personality", 0xffffffff),
		x32("getpgid", 1), "thread:" + call("getsid", 0), call("ioctl", 900, 0x5401), call("ioctl", 900, 0x5401), "hold"}
	c := startRecorded(t, id, "", steps...)
	got := c.exec(t, calls(call("getpgid", 9), call("getsid", 0)))
	if got.code != 0 {
		t.Errorf("the exec: %+v", got)
	}
	c.kill(t)
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{
		native + " init getpgid": 2, native + " exec getpgid": 1, "SCMP_ARCH_X86 init getpgid": 1, "SCMP_ARCH_X32 init getpgid": 1,
		native + " init getsid": 1, native + " exec getsid": 1, native + " init unshare": 1,
		native + " init ioctl": 2, "SCMP_ARCH_X86 init personality": 1,
		native + " init execve": 0, native + " init seccomp": 0, native + " exec setns": 0,
	})
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Errorf("it lacks %q", gaps)
	}
	if r.Under != "unconfined" || r.Ended == nil || r.Ended.By != recording.Killed || r.Ended.Status != 137 || string(r.Architecture) != native {
		t.Errorf("it says %+v", r)
	}
}

// The calls of children, and of what they execute, are of the process that the shim has
// started. An exec whose program does not exist adds nothing.
func TestRecordingOfDescendants(t *testing.T) {
	t.Parallel()
	id := newRecordedID(t)
	step := call("getpgid", 7)
	c := recordedWith(t, id, "", sh("for i in 1 2 3; do /bin/calls "+step+"; done; (/bin/calls "+step+" & wait); exec /bin/calls "+step+" hold"))
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	p, err := c.addExec(t, toStreams(nil, &output{}, &output{}), []string{"/no/such/program"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err == nil {
		t.Error("a program that does not exist is started")
	}
	if got := c.exec(t, sh("/bin/calls "+step)); got.code != 0 {
		t.Errorf("the exec: %+v", got)
	}
	c.kill(t)
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{
		native + " init getpgid": 5, native + " init execve": 5, native + " exec getpgid": 1, native + " exec execve": 1,
		native + " exec setns": 0, native + " exec openat2": 0,
	})
	if gaps := r.Gaps(); len(gaps) > 0 {
		t.Errorf("it lacks %q", gaps)
	}
}

// The calls of a 32-bit program are of its ABI, by each way into the kernel, and the profile
// that is made of them lets it run.
func TestRecordingOfA32BitProgram(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	program := filepath.Join(t.TempDir(), "i386")
	source := filepath.Join(testbed.ModuleRoot(), "integration/testdata/i386/i386.c")
	out, err := exec.Command("gcc", "-m32", "-nostdlib", "-static", "-ffreestanding", "-fno-pie", "-no-pie", "-fno-stack-protector", "-Os", "-Wall", "-Wextra", "-Werror", "-o", program, source).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	mounted := oci.WithMounts([]specs.Mount{{Type: "bind", Source: program, Destination: "/bin/i386", Options: []string{"bind", "ro"}}})
	id := newRecordedID(t)
	c := recordedWith(t, id, "", []string{"/bin/i386"}, mounted)
	c.run(t)
	if got := c.end(t); got.code != 0 {
		t.Errorf("recorded: %+v", got)
	}
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{"SCMP_ARCH_X86 init getpgid": 5, "SCMP_ARCH_X86 init socketcall": 1, "SCMP_ARCH_X86 init exit": 1})
	if r.Total != 7 {
		t.Errorf("%d calls", r.Total)
	}
	p := profile(t, generated(t, recordingsOf(id)...))
	if fmt.Sprint(p.Architectures) != "["+native+" SCMP_ARCH_X86]" {
		t.Errorf("architectures %v", p.Architectures)
	}
	if got := execute(t, []string{"/bin/i386"}, mounted, under(p)); got.code != 0 {
		t.Errorf("under its profile: %+v", got)
	}
}

// A container with the host's pids is recorded, and other processes are not.
func TestRecordingWithHostPids(t *testing.T) {
	t.Parallel()
	id := newRecordedID(t)
	c := recordedWith(t, id, "", calls(call("getpgid", 7), "hold"), oci.WithHostNamespace(specs.PIDNamespace))
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	if got := c.exec(t, calls(call("getpgid", 7))); got.code != 0 {
		t.Errorf("the exec: %+v", got)
	}
	c.kill(t)
	mustHaveCalls(t, readRecording(t, id), map[string]uint64{native + " init getpgid": 1, native + " exec getpgid": 1})
}

// Under record_under the profile is enforced, and what it refuses is in the recording, apart.
func TestRecordingUnderAProfile(t *testing.T) {
	t.Parallel()
	id := newRecordedID(t)
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["getsid"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`)
	c := recordedWith(t, id, "record_under = \"profile\"\n", calls(call("getsid", 0), call("getpgid", 0), "hold"), under(p))
	t.Cleanup(func() { os.Remove(reportPath(id)) })
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	mustAnswer(t, "init", c.stdout.String(), map[string]string{call("getsid", 0): "EPROTO", call("getpgid", 0): "ok"})
	c.kill(t)
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{native + " init getsid": 0, native + " init getpgid": 1})
	if len(r.Refused) != 1 || r.Refused[0].Syscall != "getsid" || r.Refused[0].Count != 1 || r.Under != "seccomp profile (linux.seccomp)" {
		t.Errorf("it says %s", encoded(t, r))
	}
}

// The floor holds while a container is recorded, also without record_under. What a floor on
// trial would refuse runs, and is among the calls.
func TestRecordingOverTheFloor(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact, answer string
		more         []string
		ran          uint64
	}{
		{"enforced", "EPROTO", []string{`observe = "record"`}, 0},
		{"on trial", "ok", []string{`observe = "record"`, `floor_observe = "trial"`}, 1},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newRecordedID(t)
			t.Cleanup(func() { os.Remove(reportPath(id)) })
			handler, _ := floored(t, theFloor, row.more...)
			c := holdWith(t, id, handler, []string{call("getpgid", 0), call("getppid")})
			mustAnswer(t, "init", c.stdout.String(), map[string]string{call("getpgid", 0): row.answer, call("getppid"): "ok"})
			c.kill(t)
			r := readRecording(t, id)
			mustHaveCalls(t, r, map[string]uint64{native + " init getpgid": row.ran, native + " init getppid": 1})
			if refused := len(r.Refused) == 1 && r.Refused[0].Syscall == "getpgid"; refused != (row.ran == 0) || !strings.HasPrefix(r.Under, "seccomp floor (option floor") {
				t.Errorf("it says %s", encoded(t, r))
			}
		})
	}
}

// Only the operator decides that a container is recorded, since it may run unconfined then.
func TestRecordingIsRefused(t *testing.T) {
	t.Parallel()
	p := under(profile(t, "{"+denyUnshare+"}"))
	_, err := create(t, newID(t), calls("hold"), p, annotatedWith(observeAs+"record"))
	if err == nil || !strings.Contains(err.Error(), "allow_record") || !strings.Contains(err.Error(), `annotation io.containerd.seccomp.v1/observe: "record"`) {
		t.Errorf("error %v", err)
	}
	id := newRecordedID(t)
	c := containerUnder(t, id, "allow_record = true\n", calls(call("unshare", 0), "hold"), p, annotatedWith(observeAs+"record"))
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	mustAnswer(t, "init", c.stdout.String(), map[string]string{call("unshare", 0): "ok"})
	eventually(t, "the log says that it is unconfined", func() bool { return strings.Contains(nodeLog.String(), "is recorded, and runs unconfined") })
	c.kill(t)
	mustHaveCalls(t, readRecording(t, id), map[string]uint64{native + " init unshare": 1})
}

// Two containers of one name have two recordings.
func TestRecordingsOfOneName(t *testing.T) {
	t.Parallel()
	id := newRecordedID(t)
	for range 2 {
		c := startRecorded(t, id, "", call("getpgid", 7), "hold")
		c.kill(t)
		if err := c.Delete(bounded(t), containerd.WithSnapshotCleanup); err != nil {
			t.Fatal(err)
		}
	}
	if paths := recordingsOf(id); len(paths) != 2 {
		t.Errorf("the recordings are %q", paths)
	}
}

// When the shim is killed, what was written stays, and the kernel has no program of it any
// more. When it is told to stop, the last calls are written, too.
func TestRecordingOutlivesTheShim(t *testing.T) {
	t.Parallel()
	for signal, want := range map[unix.Signal]recording.Cause{unix.SIGKILL: "", unix.SIGTERM: recording.Stopped} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			id := newRecordedID(t)
			c := startRecorded(t, id, "", call("getpgid", 7), "hold")
			shim := shimOf(t, c.task.Pid())
			attached := programsOf(t, shim)
			if len(attached) != 4 {
				t.Errorf("the shim has %d programs", len(attached))
			}
			if signal == unix.SIGKILL {
				eventually(t, "the recording is written", func() bool { return readRecording(t, id).Total > 0 })
			}
			if err := unix.Kill(shim, signal); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the programs are gone", func() bool {
				for _, program := range attached {
					if p, err := ebpf.NewProgramFromID(program); err == nil {
						p.Close()
						return false
					}
				}
				return true
			})
			r := readRecording(t, id)
			mustHaveCalls(t, r, map[string]uint64{native + " init getpgid": 1})
			if (r.Ended == nil) != (want == "") || r.Ended != nil && r.Ended.By != want {
				t.Errorf("its end is %+v", r.Ended)
			}
		})
	}
}

// programsOf returns the BPF programs that a process holds.
func programsOf(t *testing.T, pid int) (all []ebpf.ProgramID) {
	t.Helper()
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[ebpf.ProgramID]bool{}
	for _, info := range infos {
		text, _ := os.ReadFile(info) // the descriptor may be closed
		for line := range strings.Lines(string(text)) {
			var id ebpf.ProgramID
			if n, _ := fmt.Sscanf(line, "prog_id:\t%d", &id); n == 1 && !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	return all
}

// recordedWith makes a container that will be recorded. more are further options of the
// handler.
func recordedWith(t *testing.T, id, more string, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	return containerUnder(t, id, "observe = \"record\"\n"+more, args, opts...)
}

// containerUnder makes a container under these options of the handler.
func containerUnder(t *testing.T, id, options string, args []string, opts ...oci.SpecOpts) *container {
	t.Helper()
	handler := &runtimeoptions.Options{ConfigBody: fmt.Appendf(nil, "profile_root = %q\n%s", profileRoot, options)}
	return withHandler(t, id, handler, args, opts...)
}

// startRecorded starts the program of calls, and returns when it holds.
func startRecorded(t *testing.T, id, more string, steps ...string) *container {
	t.Helper()
	c := recordedWith(t, id, more, calls(steps...))
	c.run(t)
	c.stdout.await(t, "hold -> waiting")
	return c
}

// newRecordedID is newID for a container that leaves recordings. They are removed with it.
func newRecordedID(t *testing.T) string {
	t.Helper()
	return newIDLeaving(t, func(id string) {
		for _, path := range recordingsOf(id) {
			os.Remove(path)
		}
		os.Remove(filepath.Join(recording.Dir, node.Namespace())) // if it was the last one
	})
}

func recordingsOf(id string) []string {
	all, _ := filepath.Glob(filepath.Join(recording.Dir, node.Namespace(), id+".*.json")) // the pattern is right
	return all
}

func readRecording(t *testing.T, id string) *recording.Recording {
	t.Helper()
	paths := recordingsOf(id)
	if len(paths) != 1 {
		t.Fatalf("the recordings are %q", paths)
	}
	return readJSON[recording.Recording](t, paths[0])
}

// mustHaveCalls compares counts, by ABI, kind of process and syscall.
func mustHaveCalls(t *testing.T, r *recording.Recording, want map[string]uint64) {
	t.Helper()
	got := map[string]uint64{}
	for _, c := range r.Calls {
		got[fmt.Sprintf("%s %s %s", c.ABI, c.Process, c.Syscall)] += c.Count
	}
	for call, count := range want {
		if got[call] != count {
			t.Errorf("%s: %d calls, want %d", call, got[call], count)
		}
	}
	if t.Failed() {
		t.Logf("%v", got)
	}
}
