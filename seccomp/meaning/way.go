package meaning

// A Way is how programs of an ABI make a syscall: by its own number, or through
// a multiplexer, whose first argument is then the selector.
type Way struct {
	Number   uint32
	Through  string // the multiplexer's name; empty if there is none
	Selector uint64
}

// Ways returns how a syscall is made, the direct way first; none if the ABI does
// not have it.
func (a *ABI) Ways(name string) []Way {
	var ways []Way
	if nr, ok := a.Numbers[name]; ok {
		ways = append(ways, Way{Number: nr})
	}
	for _, m := range multiplexers {
		nr, exists := a.Numbers[m.name]
		if selector, behind := m.calls[name]; exists && behind {
			ways = append(ways, Way{nr, m.name, selector})
		}
	}
	return ways
}
