package bpf

import "slices"

// Architectures returns the architectures with which p compares that of a call, sorted.
func (p Program) Architectures() []Arch {
	var all []Arch
	facts := trace(p.code)
	for pc, in := range p.code {
		if in.Code == JeqK && facts[pc].reached && facts[pc].field == OffsetArch {
			all = append(all, Arch(in.K))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Actions returns the enforced actions that p returns as constants, the strictest first,
// each once.
func (p Program) Actions() []Action {
	var all []Action
	facts := trace(p.code)
	for pc, in := range p.code {
		if in.Code == RetK && facts[pc].reached {
			all = append(all, Action(in.K).Enforced())
		}
	}
	// As the kernel orders kinds, by signed numbers; then by data.
	slices.SortFunc(all, func(a, b Action) int { return int(int64(int32(a)) - int64(int32(b))) })
	return slices.Compact(all)
}
