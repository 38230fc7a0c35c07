package check

import (
	"context"
	"errors"
)

// ErrTooComplex says that a comparison was given up because it would have taken
// too long or too much memory.
var ErrTooComplex = errors.New("too complex to be compared with its profile")

const (
	// effort is what one comparison may spend: about half a second. containerd's
	// default profile needs a hundredth of it.
	effort = 20_000_000

	// memory is the price of what is kept until the comparison ends. It limits
	// that to 100,000 nodes and results, of some hundred bytes each.
	memory = 200

	// checkpoint is how much is spent between two looks at the context.
	checkpoint = 10_000
)

// A budget limits the effort of a comparison. Once it is used up it stays so,
// and err says why. Whoever is told so returns whatever it has, which Compare
// then throws away.
type budget struct {
	ctx     context.Context
	left    int
	unheard int // spent since the last look at ctx
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
