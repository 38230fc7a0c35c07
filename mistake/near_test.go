package mistake

import (
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	known := []string{"syscalls", "defaultAction", "errnoRet", "names", "args"}
	for word, want := range map[string]string{
		"syscals": "syscalls", "SYSCALLS": "syscalls", "sys_calls": "syscalls", "syscallls": "syscalls",
		"default-action": "defaultAction", "defaultaktion": "defaultAction", "action": "defaultAction", // a part
		"errno": "errnoRet", "arg": "args", "nmaes": "names", "sname": "", "name": "names",
		"": "", "a": "", "-": "", "xyz": "", "comment": "", strings.Repeat("syscalls", 1000): "",
	} {
		if got := Near(word, known...); got != want {
			t.Errorf("%.20s: got %q, want %q", word, got, want)
		}
	}
	if got := Near("RuntimeDefault"); got != "" {
		t.Errorf("of no words %q is near", got)
	}
	// Near returns the nearest, not the first.
	if got := Near("SCMP_ARCH_MIPSEL63", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64"); got != "SCMP_ARCH_MIPSEL64" {
		t.Errorf("got %q", got)
	}
}

func TestMeant(t *testing.T) {
	if got := Meant("profil_root", "unset_profile", "profile_root"); got != `; did you mean "profile_root"?` {
		t.Errorf("got %q", got)
	}
	if got := Meant("x", "profile_root"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"abc", "ac", 1}, {"abc", "xabc", 1},
		{"abc", "acb", 1}, {"abc", "cab", 2}, {"kitten", "sitting", 3}, {"A/b", "a.B", 0}, {strings.Repeat("x", 1000), "abc", 3},
	} {
		if got := Distance(row.a, row.b); got != row.want {
			t.Errorf("%.10q, %q: got %d, want %d", row.a, row.b, got, row.want)
		}
	}
}
