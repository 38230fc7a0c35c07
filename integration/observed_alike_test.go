package integration

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/denials"
)

// Random calls under random profiles have the same results observed and not observed, by all
// three conventions of x86, in threads too. The report counts exactly those that were
// refused.
func TestObservedAnswersAlike(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("only x86 has several calling conventions that one program can use")
	}
	needLegacyCalls(t)
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			p, steps := randomRefusals(random), randomSteps(random, 90)
			plain := execute(t, calls(steps...), under(p), oci.WithNoNewPrivileges)
			id := newObservedID(t)
			observed := launch(t, id, calls(steps...), under(p), oci.WithNoNewPrivileges, annotatedWith(observeAs+"denials")).end(t)
			if plain.stdout != observed.stdout || plain.code != observed.code || plain.stdout == "" {
				t.Errorf("profile %s\nnot observed: %d\n%s\nobserved: %d\n%s", encoded(t, p), plain.code, plain.stdout, observed.code, observed.stdout)
			}
			report := readReport(t, id)
			if got, want := report.Total(), refusals(plain.stdout); got != want {
				t.Errorf("%d calls are reported, and %d were refused:\n%s\n%s", got, want, observed.stdout, describe(report))
			}
		})
	}
}

// callNames are calls that do nothing, with any arguments, by each convention.
var (
	nativeNames = []string{"getppid", "getuid", "afs_syscall", "tuxcall", "security", "vserver", "_sysctl"}
	legacyNames = []string{"getppid", "getuid", "getgid", "geteuid", "mpx", "prof"}
	x32Names    = []string{"getppid", "getuid", "getgid"}
)

const lowestErrno, highestErrno = 1000, 4095 // no call fails with these by itself

// randomRefusals returns a profile that refuses some of the calls, with any errno that only
// a profile can be the source of.
func randomRefusals(random *rand.Rand) *specs.LinuxSeccomp {
	errno := func() *uint {
		n := uint(lowestErrno + random.IntN(highestErrno-lowestErrno+1))
		return &n
	}
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Architectures: []specs.Arch{specs.ArchX86_64, specs.ArchX86, specs.ArchX32}}
	names := slices.Compact(slices.Sorted(slices.Values(slices.Concat(nativeNames, legacyNames, x32Names))))
	for range 14 {
		rule := specs.LinuxSyscall{Names: []string{names[random.IntN(len(names))]}, Action: specs.ActErrno, ErrnoRet: errno()}
		if random.IntN(4) == 0 {
			rule.Action, rule.ErrnoRet = specs.ActLog, nil
		}
		for i := range uint(random.IntN(3)) {
			ops := slices.Sorted(maps.Keys(operators))
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{Index: i, Value: randomArg(random), ValueTwo: randomArg(random), Op: ops[random.IntN(len(ops))]})
		}
		p.Syscalls = append(p.Syscalls, rule)
	}
	if random.IntN(2) == 0 {
		p.DefaultAction, p.DefaultErrnoRet = specs.ActErrno, errno()
		p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{Names: append([]string{"sigaltstack", "tgkill", "getpid", "clock_nanosleep", "nanosleep", "madvise", "rseq", "set_robust_list", "prlimit64", "getrandom", "writev", "clone3"}, programCalls...), Action: specs.ActAllow})
	}
	return p
}

func randomArg(random *rand.Rand) uint64 { return boundaries[random.IntN(len(boundaries))] }

func randomSteps(random *rand.Rand, count int) []string {
	var steps []string
	for range count {
		var args []uint64
		for range 2 {
			args = append(args, randomArg(random))
		}
		var s string
		switch random.IntN(3) {
		case 0:
			s = call(nativeNames[random.IntN(len(nativeNames))], args...)
		case 1:
			s = legacy(legacyNames[random.IntN(len(legacyNames))], args...)
		default:
			s = x32(x32Names[random.IntN(len(x32Names))], args...)
		}
		if random.IntN(8) == 0 {
			s = "thread:" + s
		}
		steps = append(steps, s)
	}
	return steps
}

// refusals counts the results that only a profile can be the source of.
func refusals(stdout string) (count uint64) {
	for line := range strings.Lines(stdout) {
		var n int
		_, result, _ := strings.Cut(line, " -> ")
		if _, err := fmt.Sscan(result, &n); err == nil && n <= -lowestErrno {
			count++
		}
	}
	return count
}

func describe(r *denials.Report) string {
	var text strings.Builder
	for _, d := range r.Denials {
		fmt.Fprintf(&text, "%s %s ×%d: %s\n", d.ABI, d.Text, d.Count, d.Answer)
	}
	return text.String()
}
