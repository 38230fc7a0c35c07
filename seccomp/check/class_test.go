package check

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

func plenty(t testing.TB) *budget {
	return &budget{ctx: context.WithoutCancel(t.Context()), left: 1 << 40}
}

// A space is a set of values, small enough to try all of them.
type space struct {
	fact     string
	begin    class
	values   []uint32
	question func(r *rand.Rand) question
}

// spaces are small sets of values of a word: few bits at any place, or a short interval
// anywhere and at the ends.
func spaces(r *rand.Rand) []space {
	scattered := r.Uint32() | 0x8000_0001
	for bits.OnesCount32(scattered) > 9 {
		scattered &= r.Uint32() | 0x8000_0001
	}
	all := []space{{"few bits", allValues, subsets(scattered), func(r *rand.Rand) question {
		mask := r.Uint32() & scattered
		return question{mask, r.Uint32() & mask, r.IntN(3) == 0}
	}}}
	low := r.Uint32N(1 << 31)
	for _, short := range []class{interval(low, low+400), interval(0, 7), interval(^uint32(7), allBits)} {
		all = append(all, space{"a short interval", short, upTo(short), func(r *rand.Rand) question {
			near := short.low + r.Uint32N(short.high-short.low+1)
			switch r.IntN(3) {
			case 0:
				return question{allBits, near, r.IntN(2) == 0}
			case 1:
				mask := r.Uint32() & 0x1ff
				return question{mask, near & mask, r.IntN(4) == 0}
			}
			mask := r.Uint32()
			return question{mask, near & mask, r.IntN(4) == 0}
		}})
	}
	return all
}

// subsets returns the values that have only bits of the mask.
func subsets(mask uint32) (all []uint32) {
	for v := mask; ; v = (v - 1) & mask {
		all = append(all, v)
		if v == 0 {
			return all
		}
	}
}

func upTo(c class) (all []uint32) {
	for v := c.low; ; v++ {
		all = append(all, v)
		if v == c.high {
			return all
		}
	}
}

// Splitting loses no value, adds none, and settles the question that it splits by. The
// oracle asks every question for every value.
func TestSplitIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	masked := 0
	for range 300 {
		for _, s := range spaces(r) {
			classes := []class{s.begin}
			var asked []question
			for range 1 + r.IntN(6) {
				q := s.question(r)
				if _, obvious := q.obvious(); obvious {
					continue
				}
				asked = append(asked, q)
				var smaller []class
				for _, c := range classes {
					checkSettled(t, s, asked, c, q)
					smaller = append(smaller, c.split(q, plenty(t))...)
				}
				classes = smaller
			}
			checkSplit(t, s, asked, classes)
			for _, c := range classes {
				masked += len(c.masked)
			}
		}
	}
	if masked < 1000 {
		t.Errorf("only %d questions with masks are in the classes", masked)
	}
}

func checkSettled(t *testing.T, s space, asked []question, c class, q question) {
	t.Helper()
	answers := map[bool]bool{}
	for _, v := range s.values {
		if c.contains(v) {
			answers[q.answer(v)] = true
		}
	}
	if answer, settled := c.settle(q, plenty(t)); settled != (len(answers) == 1) || settled && !answers[answer] {
		t.Fatalf("%s: %+v after %+v: settled %t as %t, but the answers are %v", s.fact, q, asked, settled, answer, answers)
	}
}

func checkSplit(t *testing.T, s space, asked []question, classes []class) {
	t.Helper()
	for _, v := range s.values {
		in := 0
		for _, c := range classes {
			if c.contains(v) {
				in++
			}
		}
		if in != 1 {
			t.Fatalf("%s: %#x is in %d classes after %+v", s.fact, v, in, asked)
		}
	}
	for _, c := range classes {
		if !c.contains(c.example) {
			t.Fatalf("%s: %#x is not in its class %+v", s.fact, c.example, c)
		}
		for _, q := range asked {
			if answer, settled := c.settle(q, plenty(t)); !settled || answer != q.answer(c.example) {
				t.Fatalf("%s: %+v is not settled in %+v", s.fact, q, c)
			}
		}
	}
}

func (c class) contains(v uint32) bool {
	return c.low <= v && v <= c.high &&
		!slices.ContainsFunc(c.masked, func(q settledQuestion) bool { return q.answer(v) != q.holds })
}

// Values that a random sample would not find.
func TestSolverFindsTheOnlyValue(t *testing.T) {
	is := func(mask, constant uint32) settledQuestion {
		return settledQuestion{question{mask: mask, constant: constant}, true}
	}
	not := func(mask, constant uint32) settledQuestion {
		return settledQuestion{question{mask: mask, constant: constant}, false}
	}
	for _, row := range []struct {
		fact string
		in   class
		want uint32
		none bool
	}{
		{"all bits by halves", class{high: allBits, masked: []settledQuestion{is(0xffff, 0xbeef), is(0xffff_0000, 0xdead_0000)}}, 0xdead_beef, false},
		{"halves that contradict each other", class{high: allBits, masked: []settledQuestion{is(0x1ffff, 0xbeef), is(0xffff_0000, 0xdead_0000)}}, 0, true},
		{"the last of an interval", class{low: 8, high: 15, masked: []settledQuestion{is(7, 7)}}, 15, false},
		{"one behind an interval", class{low: 8, high: 14, masked: []settledQuestion{is(7, 7)}}, 0, true},
		{"the largest", class{high: allBits, masked: []settledQuestion{{question{0xffff_fff0, 0xffff_ffef, true}, true}, is(0xf, 0xf)}}, allBits, false},
		{"all of two bits excluded", class{high: allBits, masked: []settledQuestion{not(3, 0), not(3, 1), not(3, 2), not(3, 3)}}, 0, true},
		{"all but one", class{high: 15, masked: []settledQuestion{not(3, 0), not(3, 1), not(3, 3), not(12, 0), not(12, 4), not(12, 12)}}, 10, false},
	} {
		if got, found := row.in.find(plenty(t)); found == row.none || got != row.want {
			t.Errorf("%s: %#x, found %t", row.fact, got, found)
		}
	}
}
