package emit

import (
	"fmt"
	"maps"
	"slices"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// span is a run of syscall numbers with one decision. It ends before the next span's
// first.
type span struct {
	first  uint32
	to     bpf.Label
	leaf   bool       // the label to marks a return that this table emits
	action bpf.Action // to return, if leaf
}

// numberTable splits an architecture's numbers into spans. Lists of allowed syscalls are
// long and have few gaps, so there are far fewer spans than syscalls: 150 for the 1,000
// numbers of the default profile.
func numberTable(m meaning.Decider, arch bpf.Arch, reemitted []uint32) []span {
	var table []span
	for _, first := range firsts(m, arch, reemitted) {
		s := spanAt(m, arch, first, reemitted)
		if len(table) == 0 || table[len(table)-1].to != s.to {
			table = append(table, s)
		}
	}
	return table
}

// firsts returns, sorted, every number whose decision may differ from that of the number
// before it.
func firsts(m meaning.Decider, arch bpf.Arch, reemitted []uint32) []uint32 {
	const skipped = ^uint32(0) // -1: it has the bit of x32, but is no number of x32
	all := map[uint32]bool{0: true, 1: true, bpf.X32Bit: true, skipped: true}
	around := func(nr uint32) {
		all[nr] = true
		if nr != skipped {
			all[nr+1] = true
		}
	}
	for _, abi := range m.Parts() {
		if abi.Arch != arch {
			continue
		}
		around(abi.Highest)
		for nr := range abi.Rules {
			around(nr)
		}
	}
	for _, nr := range reemitted {
		around(nr)
	}
	return slices.Sorted(maps.Keys(all))
}

func spanAt(m meaning.Decider, arch bpf.Arch, nr uint32, reemitted []uint32) span {
	call := m.Call(arch, nr)
	action := call.Otherwise
	switch {
	case slices.Contains(reemitted, nr):
		return span{first: nr, to: syscallLabel(arch, nr)}
	case len(call.Rules) > 0 && len(call.Rules[0].Conditions) > 0:
		return span{first: nr, to: rest}
	case len(call.Rules) > 0:
		action = call.Rules[0].Action
	}
	return span{first: nr, to: returnLabel(arch, action), leaf: true, action: action}
}

func returnLabel(arch bpf.Arch, action bpf.Action) bpf.Label {
	return bpf.Label(fmt.Sprintf("%v on %v", action, arch))
}

// search emits a binary search for the span of the number in A.
func search(a *bpf.Assembler, table []span, prefix string) {
	if len(table) == 1 {
		a.Goto(table[0].to)
		return
	}
	lower, upper := table[:len(table)/2], table[len(table)/2:]
	no, yes := bpf.Next, bpf.Label(prefix+">")
	if len(lower) == 1 {
		no = lower[0].to
	}
	if len(upper) == 1 {
		yes = upper[0].to
	}
	a.If(bpf.GreaterOrEqual, upper[0].first, yes, no)
	if len(lower) > 1 {
		search(a, lower, prefix+"<")
	}
	if len(upper) > 1 {
		a.Mark(yes)
		search(a, upper, prefix+">")
	}
}

// returns emits the returns that the table's leaves go to.
func returns(a *bpf.Assembler, arch bpf.Arch, table []span) {
	done := map[bpf.Action]bool{}
	for _, s := range table {
		if s.leaf && !done[s.action] {
			done[s.action] = true
			a.Mark(returnLabel(arch, s.action))
			a.Return(s.action)
		}
	}
}
