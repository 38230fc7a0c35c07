package check

const allBits = ^uint32(0)

// A question asks whether the masked bits of a word equal a constant or, as a number, exceed
// it. Programs and profiles ask nothing else.
type question struct {
	mask     uint32
	constant uint32
	exceeds  bool
}

// answer returns the answer for a word of this value.
func (q question) answer(value uint32) bool {
	if q.exceeds {
		return value&q.mask > q.constant
	}
	return value&q.mask == q.constant
}

// partly returns the answer for all words whose known bits are those of value. settled is
// false if these words have different answers. The other bits of value must be 0.
func (q question) partly(known, value uint32) (answer, settled bool) {
	smallest, largest := value&q.mask, (value|^known)&q.mask
	if q.exceeds {
		return smallest > q.constant, smallest > q.constant || largest <= q.constant
	}
	if (smallest^q.constant)&(known|^q.mask) != 0 { // a bit that is known or masked out differs from the constant
		return false, true
	}
	return true, smallest == largest
}

// obvious returns the answer if it is the same for all words.
func (q question) obvious() (answer, obvious bool) {
	if q.exceeds {
		return false, q.constant >= q.mask
	}
	if q.constant&^q.mask != 0 {
		return false, true
	}
	return true, q.mask == 0
}

// plain returns one form for questions that ask the same, as far as it recognises them.
// opposite is true if the answer of that form is the contrary. The question must not be
// obvious.
func (q question) plain() (_ question, opposite bool) {
	switch {
	case q.exceeds && q.constant == 0: // more than nothing
		return question{mask: q.mask}, true
	case q.exceeds && q.constant == q.mask-1: // only the largest is more
		return question{mask: q.mask, constant: q.mask}.plain()
	case !q.exceeds && q.constant == q.mask && q.mask&(q.mask-1) == 0: // a single bit
		return question{mask: q.mask}, true
	}
	return q, false
}

// A settledQuestion is one whose answer is the same for all words of a class.
type settledQuestion struct {
	question
	holds bool
}
