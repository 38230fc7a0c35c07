package meaning

// A Route is how programs of an ABI make a syscall: by its own number, or through
// a multiplexer, whose first argument is then the selector.
type Route struct {
	Number   uint32
	Through  string // the multiplexer's name; empty if there is none
	Selector uint64
}

// Routes returns how a syscall is made, the direct way first; none if the ABI does
// not have it.
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
