package task

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/containerd/errdefs"
)

// Clients get one line without control characters, whichever class the error has.
func TestErrorsAreOneLine(t *testing.T) {
	const name, want = "/bin/\x1b[2J\nb", `open /bin/\x1b[2J; b`
	for _, class := range []error{errdefs.ErrNotFound, errdefs.ErrUnknown, context.Canceled, context.DeadlineExceeded} {
		err := flatten(withClass(errors.New("open "+name), class))
		if err.Error() != want {
			t.Errorf("%v: %q, want %q", class, err, want)
		}
	}
	if err := flatten(fmt.Errorf("%s: %w", name, context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v is no context.Canceled any more", err)
	}
}
