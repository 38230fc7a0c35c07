package container

import (
	"errors"
	"strings"
	"testing"
)

// Without CRIU, the error is about it, and comes before anything is made.
func TestNoCRIU(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	cfg := Config{ID: "c", Bundle: "/b", Spec: validSpec(), Checkpoint: "/images"}
	if _, err := cfg.libcontainer(); !errors.Is(err, ErrNoCRIU) {
		t.Errorf("restore: %v", err)
	}
	if err := (&Checkpoint{Images: "/images"}).validate(); !errors.Is(err, ErrNoCRIU) || !strings.Contains(err.Error(), "criu") {
		t.Errorf("checkpoint: %v", err)
	}
}
