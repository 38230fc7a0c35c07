package check_test

import (
	"fmt"
	"maps"
	"slices"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A style selects one of several equal forms of a program.
type style struct {
	lowFirst bool // an equality compares the lower half first
	byOrder  bool // an equality is two orders, and an order of halves has no equality
	backward bool // the conditions of a rule and the numbers are in reverse order
}

// An emitter writes a simple program for a meaning. It shares no code with the package, so
// that a test can compare them.
type emitter struct {
	bpf.Assembler
	style
	narrow bool // the current ABI uses only lower halves
	labels int
}

func (e *emitter) label() bpf.Label {
	e.labels++
	return bpf.Label(fmt.Sprint(e.labels))
}

func emit(m *meaning.Meaning, s style) (bpf.Program, error) {
	e := &emitter{style: s}
	for _, abi := range m.ABIs {
		other := e.label()
		e.abi(abi, m.Default, other)
		e.Mark(other)
	}
	e.Return(bpf.KillThread)
	return e.Program()
}

func (e *emitter) abi(abi *meaning.ABIRules, otherwise bpf.Action, other bpf.Label) {
	e.narrow = !abi.Wide()
	e.Load(bpf.OffsetArch)
	e.If(bpf.Equal, uint32(abi.Arch), bpf.Next, other)
	e.Load(bpf.OffsetNr)
	switch abi.Name {
	case specs.ArchX32:
		e.If(bpf.Equal, 0xffffffff, other, bpf.Next)
		e.If(bpf.GreaterOrEqual, bpf.X32Bit, bpf.Next, other)
	case specs.ArchX86_64:
		own := e.label()
		e.If(bpf.Equal, 0xffffffff, own, bpf.Next)
		e.If(bpf.GreaterOrEqual, bpf.X32Bit, other, bpf.Next)
		e.Mark(own)
	}
	unknown := e.label()
	if !abi.Open {
		e.If(bpf.Greater, abi.Highest, unknown, bpf.Next)
		if abi.Arch == bpf.ArchS390X {
			e.If(bpf.Equal, 0, unknown, bpf.Next)
		}
	}
	numbers := slices.Sorted(maps.Keys(abi.Rules))
	if e.backward {
		slices.Reverse(numbers)
	}
	for _, nr := range numbers {
		fails := e.label()
		e.If(bpf.Equal, nr, bpf.Next, fails)
		e.rules(abi.Rules[nr])
		e.Return(otherwise)
		e.Mark(fails)
	}
	e.Return(otherwise)
	e.Mark(unknown)
	e.Return(bpf.ErrnoOf(uint16(syscall.ENOSYS)))
}

func (e *emitter) rules(rules []meaning.Rule) {
	for _, r := range rules {
		fails := e.label()
		conditions := slices.Clone(r.Conditions)
		if e.backward {
			slices.Reverse(conditions)
		}
		for _, c := range conditions {
			holds := e.label()
			e.condition(c, holds, fails)
			e.Mark(holds)
		}
		e.Return(r.Action)
		e.Mark(fails)
	}
}

// half loads a half of an argument if the call uses it.
func (e *emitter) half(offset uint32) {
	e.Load(offset)
	if e.narrow && slices.Contains([]uint32{bpf.ArgHigh(0), bpf.ArgHigh(1), bpf.ArgHigh(2)}, offset) {
		e.And(0)
	}
}

func (e *emitter) condition(c specs.LinuxSeccompArg, yes, no bpf.Label) {
	switch c.Op {
	case specs.OpEqualTo:
		e.equal(c, yes, no)
	case specs.OpNotEqual:
		e.equal(c, no, yes)
	case specs.OpGreaterThan:
		e.order(c, bpf.Greater, yes, no)
	case specs.OpLessEqual:
		e.order(c, bpf.Greater, no, yes)
	case specs.OpGreaterEqual:
		e.order(c, bpf.GreaterOrEqual, yes, no)
	case specs.OpLessThan:
		e.order(c, bpf.GreaterOrEqual, no, yes)
	case specs.OpMaskedEqual:
		for _, half := range []struct {
			offset      uint32
			mask, value uint64
		}{{bpf.ArgHigh(int(c.Index)), c.Value >> 32, c.ValueTwo >> 32}, {bpf.ArgLow(int(c.Index)), c.Value, c.ValueTwo}} {
			e.half(half.offset)
			e.And(uint32(half.mask))
			e.If(bpf.Equal, uint32(half.mask&half.value), bpf.Next, no)
		}
		e.Goto(yes)
	}
}

func (e *emitter) equal(c specs.LinuxSeccompArg, yes, no bpf.Label) {
	offsets, constants := []uint32{bpf.ArgHigh(int(c.Index)), bpf.ArgLow(int(c.Index))}, []uint32{uint32(c.Value >> 32), uint32(c.Value)}
	if e.lowFirst {
		slices.Reverse(offsets)
		slices.Reverse(constants)
	}
	for i, offset := range offsets {
		e.half(offset)
		if e.byOrder {
			e.If(bpf.Greater, constants[i], no, bpf.Next)
			e.If(bpf.GreaterOrEqual, constants[i], bpf.Next, no)
		} else {
			e.If(bpf.Equal, constants[i], bpf.Next, no)
		}
	}
	e.Goto(yes)
}

// order decides by the lower half if the upper ones are equal.
func (e *emitter) order(c specs.LinuxSeccompArg, by bpf.Condition, yes, no bpf.Label) {
	e.half(bpf.ArgHigh(int(c.Index)))
	e.If(bpf.Greater, uint32(c.Value>>32), yes, bpf.Next)
	if e.byOrder {
		e.If(bpf.GreaterOrEqual, uint32(c.Value>>32), bpf.Next, no)
	} else {
		e.If(bpf.Equal, uint32(c.Value>>32), bpf.Next, no)
	}
	e.half(bpf.ArgLow(int(c.Index)))
	e.If(by, uint32(c.Value), yes, no)
}
