package testbed

import "testing"

func TestVersions(t *testing.T) {
	for _, row := range []struct {
		says string
		want version
		text string
	}{
		{"containerd github.com/containerd/containerd/v2 v2.4.2 \n", version{2, 4}, "v2.4.2"},
		{"containerd github.com/containerd/containerd v1.7.35 abc\n", version{1, 7}, "v1.7.35"},
		{"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3\n", version{1, 6}, "1.6.20~ds1"},
		{"containerd github.com/containerd/containerd/v2 v2.3.0-rc.1\n", version{2, 3}, "v2.3.0-rc.1"},
	} {
		if got, text, ok := parseVersion(row.says); !ok || got != row.want || text != row.text {
			t.Errorf("%q: %v %q", row.says, got, text)
		}
	}
	if _, _, ok := parseVersion("no containerd"); ok {
		t.Error("a version of nothing")
	}
}
