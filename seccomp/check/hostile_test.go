package check_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
)

// manyRules returns count rules of width conditions each.
func manyRules(count, width int, condition func(r *rand.Rand, arg uint) specs.LinuxSeccompArg) []rule {
	r := rand.New(rand.NewPCG(3, 3))
	var rules []rule
	for range count {
		var all rule
		for arg := range uint(width) {
			all = append(all, condition(r, arg))
		}
		rules = append(rules, all)
	}
	return rules
}

// bits returns a mask of at most count bits of the lower half.
func bits(r *rand.Rand, count int) (mask uint64) {
	for range count {
		mask |= 1 << r.IntN(32)
	}
	return mask
}

// For every profile the comparison ends soon, with a result or ErrTooComplex. It is never
// ErrTooComplex for the program that asks what the profile asks.
func TestHostileProfilesEnd(t *testing.T) {
	const slowest = 10 * time.Second // for a busy machine; on an idle one it is half a second
	for _, row := range []struct {
		fact  string
		rules []rule
	}{
		{"30 constants for each of 6 arguments", manyRules(60, 6, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(arg, eq, uint64(r.IntN(30)))
		})},
		{"30 limits for each of 6 arguments", manyRules(80, 6, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(arg, le, uint64(r.IntN(30)))
		})},
		{"30 wide limits for each of 6 arguments", manyRules(60, 6, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(arg, ge, uint64(r.IntN(30))<<32|uint64(r.IntN(30)))
		})},
		{"a bit of each of 6 arguments", manyRules(80, 6, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(arg, me, bits(r, 1)<<r.IntN(32), ^uint64(0))
		})},
		{"masks on one word", manyRules(450, 1, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(0, me, uint64(r.Uint32()&r.Uint32()), r.Uint64())
		})},
		{"masks on two words", manyRules(240, 2, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(arg, me, uint64(r.Uint32()&r.Uint32()), r.Uint64())
		})},
		{"masks of three bits, which leave nothing out together or nearly so", manyRules(450, 1, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(0, me, bits(r, 3), r.Uint64())
		})},
		{"masks and limits on one argument", manyRules(400, 1, func(r *rand.Rand, arg uint) specs.LinuxSeccompArg {
			return when(0, operators[r.IntN(len(operators))], r.Uint64()&r.Uint64(), r.Uint64())
		})},
	} {
		t.Run(row.fact, func(t *testing.T) {
			m := meaningOf(t, allowWrite(row.rules...), x8664)
			for name, s := range map[string]style{"written alike": {}, "written otherwise": {true, true, true}} {
				p, err := emit(m, s)
				if err != nil {
					t.Fatal(err)
				}
				for change, q := range map[string]bpf.Program{"unchanged": p, "changed": changedAtEnd(t, p)} {
					start := time.Now()
					var before, after runtime.MemStats
					runtime.ReadMemStats(&before)
					found, err := check.Compare(t.Context(), q, m)
					runtime.ReadMemStats(&after)
					took := time.Since(start)
					t.Logf("%s, %s: %v, %d MB, %d differences, error %v", name, change, took, (after.TotalAlloc-before.TotalAlloc)>>20, len(found), err)
					if took > slowest {
						t.Errorf("%s, %s: %v", name, change, took)
					}
					tooComplex := errors.Is(err, check.ErrTooComplex) && (s != style{} || change != "unchanged")
					if err != nil && !tooComplex || change == "unchanged" && len(found) > 0 {
						t.Errorf("%s, %s: %v, %v", name, change, found, err)
					}
				}
			}
		})
	}
}

// changedAtEnd changes the second last comparison, which few calls reach.
func changedAtEnd(t *testing.T, p bpf.Program) bpf.Program {
	t.Helper()
	code := p.Instructions()
	for i := len(code) - 1; i >= 0; i-- {
		if code[i].Code == bpf.JeqK || code[i].Code == bpf.JgtK || code[i].Code == bpf.JgeK {
			code[i].K ^= 1
			break
		}
	}
	q, err := bpf.New(code)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
