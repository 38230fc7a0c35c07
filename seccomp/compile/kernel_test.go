package compile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
	"seccomp-shim/seccomp/seccomptest"
)

// What the running kernel does with calls under a compiled program is what the
// profile means.
func TestKernelDecidesAsTheProfileMeans(t *testing.T) {
	k := newKernel(t)
	const profiles, callsEach = 150, 100
	seen := map[string]int{}
	for seed := range uint64(profiles) {
		c := seccomptest.Choices(randomBytes(seed))
		p, err := seccomp.New(chosenSpec(&c, harmlessNames))
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := Translate(t.Context(), p)
		if err != nil {
			continue // for an architecture of the other byte order, for one
		}
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		calls := k.harmless(newCaller(m, compiled.Program, seed), callsEach)
		free, under := k.perform(t, bpf.Program{}, calls), k.perform(t, compiled.Program, calls)
		for i, call := range calls {
			decision := m.Decide(call)
			if want := expected(decision, free[i]); under[i] != want {
				t.Errorf("seed %d: %s nr %#x %#x: the profile says %v: got %v, want %v (without filter %v)\n%s",
					seed, call.Arch, call.Nr, call.Args, decision, under[i], want, free[i], compiled.Program)
			}
			seen[fmt.Sprintf("%v %v", call.Arch, decision.Kind())]++
		}
		if t.Failed() {
			return
		}
	}
	t.Log(seen)
	for _, arch := range k.archs {
		for _, kind := range []bpf.Action{bpf.Errno, bpf.Trap, bpf.UserNotif, bpf.Trace, bpf.Log, bpf.Allow, bpf.KillThread} {
			if key := fmt.Sprintf("%v %v", arch, kind); seen[key] < 10 {
				t.Errorf("%s: %d calls", key, seen[key])
			}
		}
	}
}

// expected is what becomes of a call, given what becomes of it without filter.
func expected(decision bpf.Action, free outcome) outcome {
	switch decision.Kind() {
	case bpf.Allow, bpf.Log:
		return free
	case bpf.Errno:
		return outcome{returned, -int32(decision.Enforced().Data())}
	case bpf.Trap:
		return outcome{Fate: trapped}
	case bpf.UserNotif, bpf.Trace: // nobody listens
		return outcome{returned, -int32(unix.ENOSYS)}
	}
	return outcome{Fate: died}
}

// harmlessNames can be called with any arguments, or lie behind multiplexers,
// which can be called with those of [harmlessArguments].
var harmlessNames = []string{"getppid", "getpid", "gettid", "getpgrp", "socket", "socketcall", "accept4", "semop", "ipc", "shmat",
	"cachestat", "lsm_list_modules"} // the last two are newer than libseccomp 2.5

// fate is what became of a call; it and what follows are as in testdata/calls.c.
type fate uint32

const (
	returned fate = iota + 1
	trapped
	died
)

type outcome struct {
	Fate   fate
	Result int32
}

// kernel makes calls in another process, which a filter may kill.
type kernel struct {
	program string
	archs   []bpf.Arch // that it can be called by
	numbers map[bpf.Arch][]uint32
}

func newKernel(t *testing.T) *kernel {
	t.Helper()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("no system calls in assembly for " + runtime.GOARCH)
	}
	k := &kernel{filepath.Join(t.TempDir(), "calls"), nil, map[bpf.Arch][]uint32{}}
	if out, err := exec.Command("gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", k.program, "testdata/calls.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// 1000 is no syscall, and -1 none either.
	k.archs = []bpf.Arch{nativeABI(t).Arch}
	k.numbers[k.archs[0]] = append(numbersOf(libseccomp.ABI(libseccomp.Native())), 1000, ^uint32(0))
	if runtime.GOARCH == "amd64" {
		k.numbers[bpf.ArchX86_64] = append(k.numbers[bpf.ArchX86_64], append(numbersOf(libseccomp.ABI("SCMP_ARCH_X32")), bpf.X32Bit|1000)...)
		k.numbers[bpf.ArchI386] = append(numbersOf(libseccomp.ABI("SCMP_ARCH_X86")), 1000)
		if _, err := k.ask(bpf.Program{}, []bpf.Data{{Arch: bpf.ArchI386, Nr: 1000}}); err == nil {
			k.archs = append(k.archs, bpf.ArchI386)
		} else {
			t.Logf("without calls by int 0x80, which this kernel does not have: %v", err)
		}
	}
	return k
}

// numbersOf are the numbers of harmlessNames, without calls that are made for
// multiplexers only: these calls would do something.
func numbersOf(abi *meaning.ABI) (numbers []uint32) {
	for _, name := range []string{"getppid", "getpid", "gettid", "getpgrp", "socketcall", "ipc", "cachestat", "lsm_list_modules"} {
		if nr, ok := abi.Numbers[name]; ok {
			numbers = append(numbers, nr)
		}
	}
	return numbers
}

// harmless chooses calls that do nothing if they run, and few of those that end a
// process or write into the kernel's log.
func (k *kernel) harmless(r *caller, count int) (calls []bpf.Data) {
	left := map[bpf.Action]int{bpf.KillProcess: 4, bpf.KillThread: 4, bpf.Log: 4}
	for range count {
		d := bpf.Data{Arch: oneOf(r, k.archs)}
		d.Nr = oneOf(r, k.numbers[d.Arch])
		d.Args = harmlessArguments(d, r.arguments(d))
		kind := r.meaning.Decide(d).Kind()
		if n, costly := left[kind]; costly && n == 0 {
			continue
		} else if costly {
			left[kind]--
		}
		calls = append(calls, d)
	}
	return calls
}

// harmlessArguments takes from multiplexers' calls the address of their
// arguments, and from ipc's all.
func harmlessArguments(d bpf.Data, args [6]uint64) [6]uint64 {
	if d.Arch != bpf.ArchI386 {
		return args
	}
	switch numbers := libseccomp.ABI("SCMP_ARCH_X86").Numbers; d.Nr {
	case numbers["socketcall"]:
		args[1] = 0
	case numbers["ipc"]:
		return [6]uint64{args[0], ^uint64(0)}
	}
	return args
}

func (k *kernel) perform(t *testing.T, filter bpf.Program, calls []bpf.Data) []outcome {
	t.Helper()
	outcomes, err := k.ask(filter, calls)
	if err != nil {
		t.Fatal(err)
	}
	for i := range outcomes {
		if outcomes[i].Result > 0 { // a process's number, which differs from one to the next
			outcomes[i].Result = 1
		}
	}
	return outcomes
}

func (k *kernel) ask(filter bpf.Program, calls []bpf.Data) ([]outcome, error) {
	type call struct {
		Legacy, Nr uint32
		Args       [6]uint64
	}
	var job bytes.Buffer
	write := func(v any) { binary.Write(&job, binary.NativeEndian, v) } // a Buffer does not fail
	write(uint32(filter.Len()))
	write(filter.Bytes())
	write(uint32(len(calls)))
	for _, d := range calls {
		c := call{Nr: d.Nr, Args: d.Args}
		if d.Arch == bpf.ArchI386 {
			c.Legacy = 1
		}
		write(c)
	}
	cmd := exec.Command(k.program)
	cmd.Stdin = &job
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("make calls in the kernel: %w", err)
	}
	outcomes := make([]outcome, len(calls))
	if _, err := binary.Decode(out, binary.NativeEndian, outcomes); err != nil {
		return nil, errors.Join(errors.New("read what became of the calls"), err)
	}
	return outcomes, nil
}
