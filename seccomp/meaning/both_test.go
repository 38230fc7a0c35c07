package meaning

import (
	"math/rand/v2"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
)

func TestStricter(t *testing.T) {
	order := []bpf.Action{bpf.KillProcess, bpf.KillThread, bpf.Trap, bpf.Errno | 1, bpf.UserNotif, bpf.Trace | 1, bpf.Log, bpf.Allow}
	for i, a := range order {
		for j, b := range order {
			got, fromFloor := Stricter(a, b)
			if want := order[min(i, j)]; got != want || fromFloor != (j < i) {
				t.Errorf("profile %v, floor %v: got %v, %v", a, b, got, fromFloor)
			}
		}
	}
	if got, fromFloor := Stricter(bpf.Errno|38, bpf.Errno|1); got != bpf.Errno|38 || fromFloor {
		t.Errorf("of two error numbers %v counts", got)
	}
}

// The rules of both decide each call as the stricter of the two does.
func TestBothByRules(t *testing.T) {
	profile := meaningOf(t, deny+rules(rule("ALLOW", "socket", arg(0, "LT", 38)), rule("ALLOW", "socket", arg(0, "EQ", 39), arg(1, "NE", 3)),
		rule("KILL_PROCESS", "socket", arg(2, "GE", 7)), rule("LOG", "clone"), rule("ALLOW", "read", arg(0, "GT", 1<<32))), x8664, i386)
	floor := meaningOf(t, allow+rules(rule("ERRNO", "socket", arg(0, "MASKED_EQ", 0xffffffff, 38)), rule("KILL_THREAD", "socket", arg(1, "EQ", 3)),
		rule("TRAP", "personality"), rule("ERRNO", "read", arg(0, "LE", 1<<33), arg(0, "NE", 5))), x8664, x32, i386)
	both := Both{profile, floor}
	random := rand.New(rand.NewPCG(7, 7))
	values := []uint64{0, 1, 3, 5, 6, 7, 37, 38, 39, 1 << 32, 1<<32 | 38, 1 << 33, 1<<33 + 1, ^uint64(0)}
	fromFloor := 0
	for range 200_000 {
		d := bpf.Data{Arch: []bpf.Arch{bpf.ArchX86_64, bpf.ArchI386, bpf.ArchAARCH64}[random.IntN(3)]}
		d.Nr = []uint32{0, 3, 41, 56, 102, 120, 135, 136, 359, 435, 500, 0x40000029, 0x40000087}[random.IntN(13)]
		for i := range d.Args {
			d.Args[i] = values[random.IntN(len(values))]
		}
		args := d.Args
		if abi := both.ABI(d.Arch, d.Nr); abi != nil && !abi.Wide() {
			for i := range args {
				args[i] = uint64(uint32(args[i]))
			}
		}
		call := both.Call(d.Arch, d.Nr)
		byRules := call.Otherwise
		for _, r := range call.Rules {
			if r.Matches(args) {
				byRules = r.Action
				break
			}
		}
		want, isFloor := Stricter(profile.Decide(d), floor.Decide(d))
		if isFloor {
			fromFloor++
		}
		if byRules != want || both.Decide(d) != want {
			t.Fatalf("%+v: got %v by rules, and %v, want %v", d, byRules, both.Decide(d), want)
		}
	}
	if fromFloor < 10_000 {
		t.Errorf("the floor decides %d calls", fromFloor)
	}
}

func TestConjunction(t *testing.T) {
	eq := func(index uint, v uint64) specs.LinuxSeccompArg {
		return specs.LinuxSeccompArg{Index: index, Op: specs.OpEqualTo, Value: v}
	}
	below := specs.LinuxSeccompArg{Index: 0, Op: specs.OpLessThan, Value: 38}
	masked := specs.LinuxSeccompArg{Index: 0, Op: specs.OpMaskedEqual, Value: 0xffffffff, ValueTwo: 38}
	for _, row := range []struct {
		fact     string
		a, b     []specs.LinuxSeccompArg
		length   int
		possible bool
	}{
		{"nothing", nil, nil, 0, true},
		{"twice the same", []specs.LinuxSeccompArg{below}, []specs.LinuxSeccompArg{below}, 1, true},
		{"two values", []specs.LinuxSeccompArg{eq(0, 1)}, []specs.LinuxSeccompArg{eq(0, 2)}, 0, false},
		{"two arguments", []specs.LinuxSeccompArg{eq(0, 1)}, []specs.LinuxSeccompArg{eq(1, 2)}, 2, true},
		{"a value says all", []specs.LinuxSeccompArg{below}, []specs.LinuxSeccompArg{eq(0, 1)}, 1, true},
		{"a value out of the range", []specs.LinuxSeccompArg{eq(0, 38)}, []specs.LinuxSeccompArg{below}, 0, false},
		{"bits that are too large", []specs.LinuxSeccompArg{masked}, []specs.LinuxSeccompArg{below}, 0, false},
	} {
		got, possible := Conjunction(row.a, row.b)
		if len(got) != row.length || possible != row.possible {
			t.Errorf("%s: %v, %v", row.fact, got, possible)
		}
	}
}
