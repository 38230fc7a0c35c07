package bpf

import (
	"net/rpc"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// An oracle answers questions about programs by asking the running kernel.
type oracle struct {
	process *exec.Cmd
	rpc     *rpc.Client
	deaths  int // threads of the process that its filters have killed
	// The kernel puts these into seccomp_data for every syscall of the process.
	arch Arch
	ip   uint64
}

// maxDeaths is the number of deaths after which an oracle is replaced. The Go runtime
// counts a thread that was killed as running, and fails at 10,000 threads.
const maxDeaths = 1000

var shared *oracle

// kernel returns the oracle that all tests share, one after the other. It skips the test if
// the kernel cannot be asked.
func kernel(t testing.TB) *oracle {
	t.Helper()
	if shared == nil || shared.deaths > maxDeaths {
		if shared != nil {
			shared.stop()
		}
		shared = newOracle(t)
	}
	return shared
}

// ownKernel returns an oracle with a process that the test may end.
func ownKernel(t testing.TB) *oracle {
	t.Helper()
	o := newOracle(t)
	t.Cleanup(o.stop)
	return o
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	if strconv.IntSize < 64 {
		t.Skip("the kernel is asked with 64-bit arguments")
	}
	o, err := startOracle()
	if err != nil {
		t.Fatalf("start helper process: %v", err)
	}
	var unavailable string
	if err := o.rpc.Call("Kernel.Prepare", struct{}{}, &unavailable); err != nil {
		t.Fatalf("helper process: %v", err)
	}
	if unavailable != "" {
		o.stop()
		t.Skipf("seccomp is not available: %s", unavailable)
	}
	return o
}

func startOracle() (*oracle, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperEnv+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &oracle{process: cmd, rpc: rpc.NewClient(stdio{out, in})}, cmd.Start()
}

// stop ends the process.
func (o *oracle) stop() {
	o.rpc.Close()
	o.process.Process.Kill()
	o.process.Wait()
}

// accepts returns for each program whether the kernel accepts it.
func (o *oracle) accepts(t testing.TB, programs ...[]Instruction) []bool {
	t.Helper()
	var filters [][]byte
	for _, code := range programs {
		filters = append(filters, Program{code}.Bytes())
	}
	var verdicts []bool
	if err := o.rpc.Call("Kernel.Check", filters, &verdicts); err != nil {
		t.Fatalf("ask the kernel to check: %v", err)
	}
	return verdicts
}

// run returns the word that p returns in the kernel for each data, whose Arch,
// InstructionPointer, Args[4] and Args[5] it ignores.
func (o *oracle) run(t testing.TB, p Program, data ...Data) []uint32 {
	t.Helper()
	var calls []Call
	for _, d := range data {
		for part := range parts {
			d := probed(d, part)
			calls = append(calls, Call{d.Nr, d.Args})
		}
	}
	var words []uint32
	for outcomes := range slices.Chunk(o.outcomes(t, probe(t, p), calls), parts) {
		var word uint32
		for part, outcome := range outcomes {
			word |= uint32(outcome.Errno) << (part * partBits) // a death is the word 0
		}
		words = append(words, word)
	}
	return words
}

func (o *oracle) outcomes(t testing.TB, filter Program, calls []Call) []Outcome {
	t.Helper()
	var outcomes []Outcome
	if err := o.rpc.Call("Kernel.Run", Job{[][]byte{filter.Bytes()}, calls}, &outcomes); err != nil {
		t.Fatalf("ask the kernel to run: %v\n%v", err, filter)
	}
	for _, outcome := range outcomes {
		if outcome.Died {
			o.deaths++
		}
	}
	return outcomes
}

// predict returns what Run returns for the calls of run.
func (o *oracle) predict(t testing.TB, p Program, d Data) (word uint32) {
	t.Helper()
	o.learn(t)
	d.Arch, d.InstructionPointer = o.arch, o.ip
	for part := range parts {
		w := uint32(p.Run(probed(d, part)))
		word |= w & (partMask << (part * partBits))
	}
	return word
}

// learn finds out the fields that the kernel sets.
func (o *oracle) learn(t testing.TB) {
	t.Helper()
	if o.arch != 0 {
		return
	}
	word := func(offset uint32) uint32 {
		return o.run(t, mustNew(t, Instruction{Code: LdAbs, K: offset}, Instruction{Code: RetA}), Data{})[0]
	}
	o.arch = Arch(word(OffsetArch))
	low, high := uint64(word(offsetIP+lowHalf())), uint64(word(offsetIP+lowHalf()^4))
	o.ip = high<<32 | low
}
