package check

import "math/bits"

// find returns a value of the class, if there is one.
func (c class) find(b *budget) (value uint32, found bool) {
	if len(c.masked) == 0 {
		return c.low, true
	}
	wanted := make([]settledQuestion, 0, len(c.masked)+2)
	wanted = append(wanted, c.masked...)
	wanted = append(wanted, settledQuestion{question{allBits, c.high, true}, false})
	if c.low > 0 {
		wanted = append(wanted, settledQuestion{question{allBits, c.low - 1, true}, true})
	}
	return solve(0, 0, wanted, b)
}

// solve returns a value that has the known bits of value and for which all questions have
// the wanted answer, if there is one.
//
// It tries both values of each bit. The known bits settle a question, at the latest when
// all bits of its mask are known. So a value that it finds is right, and it misses none.
func solve(known, value uint32, wanted []settledQuestion, b *budget) (found uint32, ok bool) {
	if !b.spend(len(wanted) + 1) {
		return 0, false
	}
	var open []settledQuestion
	for _, q := range wanted {
		answer, settled := q.partly(known, value)
		if settled && answer != q.holds {
			return 0, false
		}
		if !settled {
			open = append(open, q)
		}
	}
	if len(open) == 0 {
		return value, true
	}
	bit := next(open, known)
	if found, ok := solve(known|bit, value, open, b); ok {
		return found, true
	}
	return solve(known|bit, value|bit, open, b)
}

// next returns the bit to try next. The bits of equalities come first, because only one
// value of them can be right. Then the upper bits, which settle comparisons sooner than
// the lower.
func next(open []settledQuestion, known uint32) uint32 {
	var unknown, equal uint32
	for _, q := range open {
		unknown |= q.mask &^ known
		if q.holds && !q.exceeds {
			equal |= q.mask &^ known
		}
	}
	if equal != 0 {
		unknown = equal
	}
	return 1 << (31 - bits.LeadingZeros32(unknown))
}
