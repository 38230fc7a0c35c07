package compile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// front puts in front of a program what decides by the number alone, and what
// decides some syscalls of its own. It leaves the rest to the program: syscalls
// whose arguments count, and foreign architectures.
func front(program bpf.Program, m *meaning.Meaning, own map[bpf.Arch][]uint32) (bpf.Program, error) {
	var a bpf.Assembler
	a.Load(bpf.OffsetArch)
	archs := architectures(m, own)
	for _, arch := range archs {
		a.If(bpf.Equal, uint32(arch), section(arch), bpf.Next)
	}
	a.Goto(rest)
	for _, arch := range archs {
		a.Mark(section(arch))
		a.Load(bpf.OffsetNr)
		table := numberTable(m, arch, own[arch])
		search(&a, table, string(section(arch)))
		returns(&a, arch, table)
		for _, nr := range own[arch] {
			abi := m.ABI(arch, nr)
			a.Mark(ownLabel(arch, nr))
			emit(&a, string(ownLabel(arch, nr)), m.Call(arch, nr), abi == nil || abi.Wide())
		}
	}
	a.Mark(rest)
	a.Append(program)
	return a.Program()
}

// architectures are those of the profile, and those that own has something for,
// sorted.
func architectures(m *meaning.Meaning, own map[bpf.Arch][]uint32) []bpf.Arch {
	all := map[bpf.Arch]bool{}
	for arch := range own {
		all[arch] = true
	}
	for _, abi := range m.ABIs {
		all[abi.Arch] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// rest is where a call goes that the front leaves to the program behind it.
const rest bpf.Label = "rest"

func section(arch bpf.Arch) bpf.Label { return bpf.Label("on " + arch.String()) }

func ownLabel(arch bpf.Arch, nr uint32) bpf.Label {
	return bpf.Label(fmt.Sprintf("%s %d", arch, nr))
}

// emit decides a syscall by its arguments, one rule after the other.
func emit(a *bpf.Assembler, prefix string, call meaning.Call, wide bool) {
	for i, rule := range call.Rules {
		label := fmt.Sprintf("%s rule %d", prefix, i)
		next := bpf.Label(label + " fails")
		for j, c := range rule.Conditions {
			holds := bpf.Label(fmt.Sprintf("%s condition %d holds", label, j))
			testUpper(a, c, wide, holds, next)
			testLower(a, c, holds, next)
			a.Mark(holds)
		}
		a.Return(rule.Action)
		a.Mark(next)
	}
	a.Return(call.Otherwise)
}

// testUpper compares the upper half of an argument, and goes on behind itself if
// the lower half decides. An argument of 32 bits is compared as if its upper half
// were 0, whatever the filter sees there.
func testUpper(a *bpf.Assembler, c specs.LinuxSeccompArg, wide bool, holds, fails bpf.Label) {
	below, above := fails, fails // where to go if the argument's half is below, above the condition's
	switch c.Op {
	case specs.OpNotEqual:
		below, above = holds, holds
	case specs.OpGreaterThan, specs.OpGreaterEqual:
		above = holds
	case specs.OpLessThan, specs.OpLessEqual:
		below = holds
	}
	half, mask := uint32(c.Value>>32), ^uint32(0)
	if c.Op == specs.OpMaskedEqual {
		half, mask = uint32((c.ValueTwo&c.Value)>>32), uint32(c.Value>>32)
	}
	switch {
	case !wide && half == 0:
	case !wide:
		a.Goto(below)
	case c.Op == specs.OpMaskedEqual:
		a.Load(bpf.ArgHigh(int(c.Index)))
		a.And(mask)
		a.If(bpf.Equal, half, bpf.Next, fails)
	default:
		a.Load(bpf.ArgHigh(int(c.Index)))
		if below != above {
			a.If(bpf.Greater, half, above, bpf.Next)
		}
		a.If(bpf.Equal, half, bpf.Next, below)
	}
}

// testLower decides by the lower half, if the upper half is the condition's.
func testLower(a *bpf.Assembler, c specs.LinuxSeccompArg, holds, fails bpf.Label) {
	half := uint32(c.Value)
	a.Load(bpf.ArgLow(int(c.Index)))
	switch c.Op {
	case specs.OpEqualTo:
		a.If(bpf.Equal, half, holds, fails)
	case specs.OpNotEqual:
		a.If(bpf.Equal, half, fails, holds)
	case specs.OpGreaterThan:
		a.If(bpf.Greater, half, holds, fails)
	case specs.OpGreaterEqual:
		a.If(bpf.GreaterOrEqual, half, holds, fails)
	case specs.OpLessThan:
		a.If(bpf.GreaterOrEqual, half, fails, holds)
	case specs.OpLessEqual:
		a.If(bpf.Greater, half, fails, holds)
	case specs.OpMaskedEqual:
		a.And(half)
		a.If(bpf.Equal, uint32(c.ValueTwo)&half, holds, fails)
	}
}

// names tells for people which syscalls are meant.
func names(m *meaning.Meaning, numbers map[bpf.Arch][]uint32) []string {
	var all []string
	for arch, list := range numbers {
		for _, nr := range list {
			all = append(all, name(m, arch, nr))
		}
	}
	slices.Sort(all)
	return all
}

func name(m *meaning.Meaning, arch bpf.Arch, nr uint32) string {
	abi := m.ABI(arch, nr)
	if abi == nil {
		return fmt.Sprintf("%s %d", arch, nr)
	}
	if name := abi.SyscallName(nr); name != "" {
		return fmt.Sprintf("%s %s", abi.Name, name)
	}
	return fmt.Sprintf("%s %d", abi.Name, nr)
}
