package container

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"seccomp-shim/shim/container/dump"
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

// A restored thread runs under the filters that it was saved with. The
// container's must be one of them.
func TestFilterIsAmong(t *testing.T) {
	own := dump.Filter{Program: []byte("own")}
	other := dump.Filter{Program: []byte("other")}
	logging := dump.Filter{Program: []byte("own"), Flags: unix.SECCOMP_FILTER_FLAG_LOG}
	for fact, row := range map[string]struct {
		filters []dump.Filter
		want    bool
	}{
		"none":                      {nil, false},
		"its own":                   {[]dump.Filter{own}, true},
		"its own, and what it adds": {[]dump.Filter{other, own}, true},
		"another":                   {[]dump.Filter{other}, false},
		"one that logs":             {[]dump.Filter{logging}, false},
	} {
		if got := (&Filter{Program: []byte("own"), Flags: unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW}).isAmong(row.filters); got != row.want {
			t.Errorf("%s: %v", fact, got)
		}
	}
}

func TestCheckpointsThatAreRefused(t *testing.T) {
	var none *Filter
	if err := none.admitCheckpoint("/nonexistent"); err != nil {
		t.Errorf("a container without a filter: %v", err)
	}
	for fact, f := range map[string]*Filter{
		"a listener":    {Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER},
		"no checkpoint": {Program: []byte("own")},
	} {
		if err := f.admitCheckpoint(t.TempDir()); !errors.Is(err, ErrUnconfined) {
			t.Errorf("%s: %v", fact, err)
		}
	}
}
