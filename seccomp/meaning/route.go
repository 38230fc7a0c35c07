package meaning

// A Route is how programs of an ABI call a syscall: by its own number, or through a
// multiplexer with the selector as its first argument.
type Route struct {
	Number   uint32 // of the syscall or of the multiplexer
	Through  string // the multiplexer's name; empty if there is none
	Selector uint64
}

// Routes returns the routes to a syscall, the direct one first, or none if the ABI does not
// have the syscall.
func (a *ABI) Routes(name string) []Route {
	var routes []Route
	if nr, ok := a.Numbers[name]; ok {
		routes = append(routes, Route{Number: nr})
	}
	for _, m := range multiplexers {
		nr, exists := a.Numbers[m.name]
		if selector, behind := m.calls[name]; exists && behind {
			routes = append(routes, Route{nr, m.name, selector})
		}
	}
	return routes
}

// Behind returns the syscall that the first argument of a multiplexer chooses, or "" if the
// syscall of this name is no multiplexer or the argument chooses none.
func Behind(name string, selector uint64) string {
	for _, m := range multiplexers {
		if m.name != name {
			continue
		}
		for call, chosen := range m.calls {
			if chosen == selector&m.mask {
				return call
			}
		}
	}
	return ""
}
