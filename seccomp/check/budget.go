package check

import (
	"context"
	"errors"
)

// ErrTooComplex is the error of a comparison that ended without a result, because it would
// take too long or too much memory.
var ErrTooComplex = errors.New("too complex to be compared exactly")

const (
	// effort is the budget of one comparison, about half a second. containerd's default
	// profile needs a hundredth of it.
	effort = 20_000_000

	// patientEffort is the budget where a person waits for the answer, and no container:
	// some seconds, and less than a gigabyte.
	patientEffort = 10 * effort

	// memory is the cost of a node or a result, which stays until the comparison ends.
	// It limits them to 100,000, of some hundred bytes each.
	memory = 200

	// checkpoint is how much is spent before the context is checked again.
	checkpoint = 10_000
)

// A budget limits the effort of a comparison. After spend has returned false, it always
// does, and err is not nil. Callers then return early with any value: Compare checks err
// and discards it.
type budget struct {
	ctx     context.Context
	left    int
	unheard int // spent since the last check of ctx
	err     error
}

// spend reports whether there is enough left.
func (b *budget) spend(cost int) bool {
	if b.err != nil {
		return false
	}
	b.left -= cost
	b.unheard += cost
	if b.left < 0 {
		b.err = ErrTooComplex
	} else if b.unheard > checkpoint {
		b.unheard = 0
		b.err = b.ctx.Err()
	}
	return b.err == nil
}
