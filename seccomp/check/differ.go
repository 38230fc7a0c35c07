package check

import "iter"

// differ returns a call for which two decisions differ, or nil if there is none. Words that
// do not matter are 0.
func (c *comparison) differ(p pair) *values {
	words := c.words(p.program) | c.words(p.profile)
	switch {
	case p.program == p.profile:
		return nil
	case words == 0:
		return &values{}
	}
	if call, ok := c.known[p]; ok {
		return call
	}
	var found *values
	w := words.first()
	for part := range c.parts(w, allValues, p) {
		if call := c.differ(part.pair); call != nil {
			copied := *call
			copied[w] = part.example
			found = &copied
			break
		}
	}
	if c.spend(memory) {
		c.known[p] = found
	}
	return found
}

// A subclass is a part of a class of a word's values, with two decisions for these values.
type subclass struct {
	class
	pair
}

// parts splits a class of a word's values until neither of two decisions depends on the
// word.
func (c *comparison) parts(w word, whole class, p pair) iter.Seq[subclass] {
	return func(yield func(subclass) bool) { c.split(w, subclass{whole, p}, yield) }
}

// split yields the parts of a subclass. It returns false if yield does.
func (c *comparison) split(w word, p subclass, yield func(subclass) bool) bool {
	if !c.spend(1) {
		return false
	}
	r := c.restrict(w, p.class)
	p.program = r.of(p.program)
	if !r.met {
		p.profile = r.of(p.profile)
	}
	if !r.met {
		return yield(p)
	}
	for _, smaller := range p.class.split(r.open, c.budget) {
		if !c.split(w, subclass{smaller, p.pair}, yield) {
			return false
		}
	}
	return true
}
