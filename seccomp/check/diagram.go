package check

// A node is a decision: either an action, or a question about a word and the
// decisions that follow from its answers.
type node struct {
	words    wordSet // those that the decision depends on; empty for an action
	word     word
	question question
	yes, no  id
	action   uint32
}

// An id is the index of a node of a diagram. Equal nodes have the same id.
type id int32

// A diagram has the decisions of the program and of the profile, each once.
type diagram struct {
	nodes []node
	ids   map[node]id
	*budget
}

// newDiagram returns a diagram with one node, the action 0.
func newDiagram(b *budget) *diagram {
	return &diagram{nodes: []node{{}}, ids: map[node]id{{}: 0}, budget: b}
}

// always returns the decision that is the same for all calls.
func (d *diagram) always(action uint32) id { return d.intern(node{action: action}) }

// branch returns the decision that first asks a question about a word.
func (d *diagram) branch(w word, q question, yes, no id) id {
	if answer, obvious := q.obvious(); obvious {
		return choose(answer, yes, no)
	}
	q, opposite := q.plain()
	if opposite {
		yes, no = no, yes
	}
	if n := d.nodes[yes]; n.asks(w, q) {
		yes = n.yes
	}
	if n := d.nodes[no]; n.asks(w, q) {
		no = n.no
	}
	if yes == no {
		return yes
	}
	words := setOf(w) | d.nodes[yes].words | d.nodes[no].words
	return d.intern(node{words: words, word: w, question: q, yes: yes, no: no})
}

// asks reports whether a node asks this question about this word. The zero question of an
// action is obvious, so branch never has it.
func (n node) asks(w word, q question) bool { return n.word == w && n.question == q }

func choose(answer bool, yes, no id) id {
	if answer {
		return yes
	}
	return no
}

func (d *diagram) intern(n node) id {
	if known, ok := d.ids[n]; ok {
		return known
	}
	if !d.spend(memory) {
		return 0
	}
	fresh := id(len(d.nodes))
	d.nodes = append(d.nodes, n)
	d.ids[n] = fresh
	return fresh
}

func (d *diagram) words(n id) wordSet { return d.nodes[n].words }
