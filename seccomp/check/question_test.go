package check

import "testing"

// edges are the values at which questions about a word change their answer.
var edges = []uint32{0, 1, 2, 3, 5, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xaaaa_aaaa, 0xffff_fffd, 0xffff_fffe, 0xffff_ffff}

// questions are all questions with edges.
func questions(yield func(question) bool) {
	for _, mask := range edges {
		for _, constant := range edges {
			if !yield(question{mask, constant, false}) || !yield(question{mask, constant, true}) {
				return
			}
		}
	}
}

// The decision that branch returns for a question has the question's answer.
func TestBranchAsksTheQuestion(t *testing.T) {
	d := newDiagram(plenty(t))
	yes, no := d.always(1), d.always(2)
	shared := map[id]bool{}
	count := 0
	for q := range questions {
		n := d.branch(numberWord, q, yes, no)
		shared[n], count = true, count+1
		for _, value := range edges {
			want := choose(q.answer(value), yes, no)
			if got := d.decide(n, &values{numberWord: value}); got != want {
				t.Errorf("%+v of %#x: action %d, want %d", q, value, d.nodes[got].action, d.nodes[want].action)
			}
		}
	}
	if len(shared) >= count*3/4 {
		t.Errorf("%d questions make %d different nodes: which of them are the same was not recognised", count, len(shared))
	}
}

// decide follows a decision to its action.
func (d *diagram) decide(n id, call *values) id {
	for d.words(n) != 0 {
		at := d.nodes[n]
		n = choose(at.question.answer(call[at.word]), at.yes, at.no)
	}
	return n
}

// partly answers only if all values agree. It must answer when all bits of the mask are
// known, and may answer before.
func TestPartlyKnownAnswers(t *testing.T) {
	const free = 0x8000_0003 // few enough bits to try them all
	for q := range questions {
		for _, known := range []uint32{^uint32(free), ^uint32(free) | 1, ^uint32(free) | 0x8000_0000, allBits} {
			for _, value := range edges {
				value &= known
				seen := map[bool]bool{}
				for _, rest := range []uint32{0, 1, 2, 3, 0x8000_0000, 0x8000_0001, 0x8000_0002, 0x8000_0003} {
					seen[q.answer(value|rest&^known)] = true
				}
				answer, settled := q.partly(known, value)
				if settled && (len(seen) != 1 || !seen[answer]) {
					t.Errorf("%+v of %#x with %#x known: settled as %t, but there are answers %v", q, value, known, answer, seen)
				}
				if !settled && q.mask&^known == 0 {
					t.Errorf("%+v of %#x with %#x known: not settled", q, value, known)
				}
			}
		}
	}
}
