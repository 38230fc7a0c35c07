package bpf

import "slices"

// Answering returns the program with each constant action replaced by that of f. An action
// that the program computes stays.
func (p Program) Answering(f func(Action) Action) Program {
	code := slices.Clone(p.code)
	for i := range code {
		if code[i].Code == RetK {
			code[i].K = uint32(f(Action(code[i].K)))
		}
	}
	return Program{code}
}
