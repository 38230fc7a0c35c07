package container

import (
	"errors"
	"testing"
)

// Metrics may be asked for at any time; of a container from a checkpoint the cgroup is
// found in the start. Run it with -race.
func TestStatsDuringRestore(t *testing.T) {
	c, b, _ := fake(t, fromCheckpoint)
	letGo := b.hold("restore")
	started := make(chan error, 1)
	go func() { started <- c.init.Start(t.Context()) }()
	awaitCall(t, b, "restore")
	if _, err := c.Stats(); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the cgroup is known: %v", err)
	}
	letGo()
	for {
		_, err := c.Stats()
		if err == nil {
			break
		}
		if !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
	}
	if err := <-started; err != nil {
		t.Error(err)
	}
}
