package config

import "testing"

func TestOlder(t *testing.T) {
	for _, row := range []struct {
		version     Version
		older, drop bool // older than Oldest; drops options
	}{
		{Version{0, 9}, true, true},
		{Version{1, 5}, true, true},
		{Version{1, 6}, false, true},
		{Version{1, 7}, false, false},
		{Version{1, 10}, false, false},
		{Version{2, 0}, false, false},
	} {
		if got := row.version.Older(Oldest); got != row.older {
			t.Errorf("%v is older than %v: %v", row.version, Oldest, got)
		}
		if got := row.version.DropsOptions(); got != row.drop {
			t.Errorf("%v drops options: %v", row.version, got)
		}
	}
}
