package check

// A class is a set of values of one word: the values of an interval for which the masked
// questions have the given answers. It is never empty.
type class struct {
	low, high uint32
	masked    []settledQuestion // those with masks, which an interval cannot express
	example   uint32            // a value of the class
}

func interval(low, high uint32) class { return class{low: low, high: high, example: low} }

// allValues is the class of all values of a word.
var allValues = interval(0, allBits)

// settle returns the answer to a question if it is the same for all values of
// the class.
func (c class) settle(q question, b *budget) (answer, settled bool) {
	answer = q.answer(c.example)
	switch {
	case c.low == c.high:
		return answer, true
	case q.mask == allBits && (q.constant < c.low || q.constant > c.high || q.exceeds && q.constant == c.high):
		return answer, true
	case q.mask == allBits && len(c.masked) == 0:
		return false, false
	}
	for _, known := range c.masked {
		if known.question == q {
			return known.holds, true
		}
	}
	return answer, b.spend(len(c.masked)) && len(c.where(q, !answer, b)) == 0
}

// split returns classes that together have the values of c. The question is settled in
// each of them.
func (c class) split(q question, b *budget) []class {
	return append(c.where(q, false, b), c.where(q, true, b)...)
}

// where returns classes that together have the values of c for which the question has this
// answer.
func (c class) where(q question, answer bool, b *budget) (parts []class) {
	if q.mask != allBits {
		c.masked = append(c.masked[:len(c.masked):len(c.masked)], settledQuestion{q, answer})
		return c.from(uint64(c.low), uint64(c.high), b)
	}
	low, high, k := uint64(c.low), uint64(c.high), uint64(q.constant)
	switch {
	case q.exceeds && answer:
		return c.from(max(low, k+1), high, b)
	case q.exceeds:
		return c.from(low, min(high, k), b)
	case answer:
		return c.from(max(low, k), min(high, k), b)
	}
	if k > 0 {
		parts = c.from(low, min(high, k-1), b)
	}
	return append(parts, c.from(max(low, k+1), high, b)...)
}

// from returns the part of the class between low and high, or no class if that is empty.
func (c class) from(low, high uint64, b *budget) []class {
	if low > high {
		return nil
	}
	c.low, c.high = uint32(low), uint32(high)
	var found bool
	if c.example, found = c.find(b); !found {
		return nil
	}
	return []class{c}
}
