//go:build lastact

package initfile

import (
	"os"
	"testing"
)

// The kernel makes a view of the file, unless the second folder is the first: one of
// an overlay's folders cannot contain another. The other tests use both ways.
func TestView(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: fsopen(2) of an overlay")
	}
	folder := install(t)
	if f := mustOpen(t, folder, t.TempDir()); !f.sealed {
		t.Error("the kernel made no view")
	}
	if f := mustOpen(t, folder, folder); f.sealed {
		t.Error("the kernel made a view of a folder above itself")
	}
}
