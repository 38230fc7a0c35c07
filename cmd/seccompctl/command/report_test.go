package command

import (
	"strings"
	"testing"
)

// The page has the profile's facts, findings and differences. Package page tests how it looks.
func TestReport(t *testing.T) {
	needAMD64(t)
	got := mustCtl(t, "report", "testdata/fewer.json", "--against", "testdata/arguments.json")
	for _, want := range []string{"<!DOCTYPE html>", "testdata/fewer.json", "Compared with <code>testdata/arguments.json", "LOG if fd &lt;= 2", "upper-bits-refused",
		"SECCOMP_FILTER_FLAG_LOG", "socket(0x0)", "family &lt;= AF_INET", "<code>flags</code>: LOG here, SPEC_ALLOW there", "</html>"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if same := mustCtl(t, "report", "RuntimeDefault", "--against", "RuntimeDefault", "--cap-add", "CAP_SYS_ADMIN"); !strings.Contains(same, "The profiles are the same") {
		t.Error("RuntimeDefault differs from itself")
	}
	// A recording stands for the profile that is made of it, and says what was used.
	for _, args := range [][]string{{"report", "testdata/recording.json", "--against", "RuntimeDefault"}, {"report", "RuntimeDefault", "--against", "testdata/recording.json"}} {
		page := mustCtl(t, args...)
		for _, want := range []string{`<span class="count">×`, `class="call unused"`, "What it has not made is pale", "Compared with"} {
			if !strings.Contains(page, want) {
				t.Errorf("%v: the page has no %q", args, want)
			}
		}
	}
	if page := mustCtl(t, "report", "testdata/recording.json"); !strings.Contains(page, "<dt>recorded</dt>") || !strings.Contains(page, "<dt>while it ran under</dt>") {
		t.Error("the page of a recording does not say what was recorded")
	}
	// A profile that the shim refuses has a page, which says so.
	if refused := mustCtl(t, "report", "testdata/dubious.json"); !strings.Contains(refused, "execve: the profile answers") {
		t.Error("the page does not say that the profile is refused")
	}
	for _, row := range []struct {
		args string
		code int
		want string
	}{
		{"report", exitUsage, "a PROFILE or --spec is needed"},
		{"report a b", exitUsage, `"b": one profile at a time`},
		{"report - --against -", exitUsage, "only once"},
		{"report testdata/fewer.json --against nowhere.json", exitFailure, "nowhere.json: no such file"},
		{"report nowhere.json", exitFailure, "nowhere.json: no such file"},
		{"report testdata/config.json", exitFailure, "unknown field"},
		{"report testdata/broken-recording.json", exitFailure, "testdata/broken-recording.json: format"},
	} {
		if got := ctl("", strings.Fields(row.args)...); got.code != row.code || !strings.Contains(got.stderr, row.want) || got.stdout != "" {
			t.Errorf("%s: %+v", row.args, got)
		}
	}
}
