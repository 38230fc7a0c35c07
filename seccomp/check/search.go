package check

import "iter"

// A search finds calls for which two decisions are apart.
type search struct {
	apart func(one, other uint32) bool // of two actions; never of equal ones
	known map[pair]*values             // a call for which the decisions of a pair are apart, or nil
	*diagram
}

// A pair is two decisions about the same calls: that of a program or a meaning, and that of
// a meaning.
type pair struct{ one, other id }

func newSearch(d *diagram, apart func(one, other uint32) bool) *search {
	return &search{apart, map[pair]*values{}, d}
}

// call returns a call for which two decisions are apart, or nil if there is none. Words that
// do not matter are 0.
func (s *search) call(p pair) *values {
	words := s.words(p.one) | s.words(p.other)
	switch {
	case p.one == p.other:
		return nil
	case words == 0 && s.apart(s.nodes[p.one].action, s.nodes[p.other].action):
		return &values{}
	case words == 0:
		return nil
	}
	if call, ok := s.known[p]; ok {
		return call
	}
	var found *values
	w := words.first()
	for part := range s.parts(w, allValues, p) {
		if call := s.call(part.pair); call != nil {
			copied := *call
			copied[w] = part.example
			found = &copied
			break
		}
	}
	if s.spend(memory) {
		s.known[p] = found
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
func (d *diagram) parts(w word, whole class, p pair) iter.Seq[subclass] {
	return func(yield func(subclass) bool) { d.split(w, subclass{whole, p}, yield) }
}

// split yields the parts of a subclass. It returns false if yield does.
func (d *diagram) split(w word, p subclass, yield func(subclass) bool) bool {
	if !d.spend(1) {
		return false
	}
	r := d.restrict(w, p.class)
	p.one = r.of(p.one)
	if !r.met {
		p.other = r.of(p.other)
	}
	if !r.met {
		return yield(p)
	}
	for _, smaller := range p.class.split(r.open, d.budget) {
		if !d.split(w, subclass{smaller, p.pair}, yield) {
			return false
		}
	}
	return true
}
