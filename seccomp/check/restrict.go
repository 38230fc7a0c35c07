package check

// A restriction simplifies decisions for calls in which the value of one word is in a class.
type restriction struct {
	word  word
	class class
	open  question  // a question that the class does not settle
	met   bool      // open is set
	done  map[id]id // the simplified nodes about other words
	*diagram
}

func (d *diagram) restrict(w word, c class) *restriction {
	return &restriction{word: w, class: c, diagram: d}
}

// of returns a decision that equals n for calls of the class. It does not depend on the
// word, unless an open question was met.
func (r *restriction) of(n id) id {
	for {
		at := r.nodes[n]
		if !at.words.has(r.word) || !r.spend(1) {
			return n
		}
		if at.word != r.word {
			return r.below(n)
		}
		answer, settled := r.class.settle(at.question, r.budget)
		if !settled {
			r.open, r.met = at.question, true
			return n
		}
		n = choose(answer, at.yes, at.no)
	}
}

// below simplifies a node that asks about another word.
func (r *restriction) below(n id) id {
	if known, ok := r.done[n]; ok {
		return known
	}
	at := r.nodes[n]
	yes := r.of(at.yes)
	if r.met {
		return n
	}
	no := r.of(at.no)
	if r.met {
		return n
	}
	if r.done == nil {
		r.done = map[id]id{}
	}
	r.done[n] = r.branch(at.word, at.question, yes, no)
	return r.done[n]
}
