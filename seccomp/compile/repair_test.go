package compile

import (
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/emit"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/meaning"
)

var repairs = flag.Int("repairs", 400, "profiles for TestRepairs; 10000 show libseccomp's shares of faults")

// What libseccomp compiles wrongly becomes exact, and what it compiles well stays
// its own. The profiles have two or three rules for one syscall, with constants
// at which 64-bit comparisons by halves go wrong.
func TestRepairs(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	wrong, weak, hung := 0, 0, 0
	for range *repairs {
		p, err := seccomp.New(argumentRules(r))
		if err != nil {
			t.Fatal(err)
		}
		m, err := Meaning(p)
		if err != nil {
			t.Fatal(err)
		}
		filter, err := libseccomp.Compile(t.Context(), p.Spec())
		if failure := (*libseccomp.Error)(nil); errors.As(err, &failure) && failure.Lasting {
			hung++
			t.Logf("%v: %+v", err, p.Spec().Syscalls)
			compileSoundly(t, p, r.Uint64())
			continue
		}
		if err != nil {
			t.Fatalf("%v\n%+v", err, p.Spec())
		}
		plain, err := emit.Prologue(filter, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		differences, err := check.Compare(t.Context(), plain, m)
		if err != nil {
			t.Fatal(err)
		}
		if len(differences) > 0 {
			wrong++
			if tooWeak(plain, m, differences[0].Call) {
				weak++
			}
		}
		exact, own, err := makeExact(t.Context(), filter, m, nil)
		if err != nil || (len(own) > 0) != (len(differences) > 0) {
			t.Fatalf("own are %v, %v; libseccomp: %v\n%+v", own, err, differences, p.Spec())
		}
		agree(t, exact, m, r.Uint64())
	}
	t.Logf("libseccomp %s: of %d profiles %d are compiled wrongly, %d of these too weakly, and %d not at all", libseccomp.Version(), *repairs, wrong, weak, hung)
	if wrong == 0 {
		t.Errorf("none of %d profiles is compiled wrongly by libseccomp %s: what is repaired?", *repairs, libseccomp.Version())
	}
}

// tooWeak reports whether a program permits a call that a profile denies. It is
// asked about the given call and many of its neighbours.
func tooWeak(p bpf.Program, m *meaning.Meaning, call bpf.Data) bool {
	r := newCaller(m, p, 1)
	for range 3000 {
		if p.Run(call).Kind() == bpf.Allow && m.Decide(call).Kind() != bpf.Allow {
			return true
		}
		call.Args = r.arguments(call)
	}
	return false
}

func argumentRules(r *rand.Rand) *specs.LinuxSeccomp {
	edges := []uint64{0, 1, 5, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x5ffffffff,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff}
	spec := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno}
	for range 2 + r.IntN(2) {
		rule := specs.LinuxSyscall{Names: []string{"fchdir"}, Action: specs.ActAllow}
		indices := slices.Sorted(slices.Values(r.Perm(3)[:1+r.IntN(2)]))
		for _, i := range indices {
			rule.Args = append(rule.Args, specs.LinuxSeccompArg{
				Index: uint(i), Op: seccomp.Operators()[r.IntN(len(seccomp.Operators()))],
				Value: edges[r.IntN(len(edges))], ValueTwo: edges[r.IntN(len(edges))],
			})
		}
		spec.Syscalls = append(spec.Syscalls, rule)
	}
	return spec
}
