package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The exit code of lint says whether there is a finding, and whether each profile was read.
func TestLintExitCodes(t *testing.T) {
	needAMD64(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	clean := write("clean.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","execve","exit","exit_group"],"action":"SCMP_ACT_ALLOW"}]}`)
	strong := write("strong.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve","exit","exit_group","ptrace"],"action":"SCMP_ACT_ALLOW"}]}`)
	notes := write("notes.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve","exit","exit_group","read"],"action":"SCMP_ACT_ALLOW"},{"names":["write"],"action":"SCMP_ACT_ERRNO"}]}`)
	misspelt := write("misspelt.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
	{"names":["execve","exit","exit_group",
	"opennat"],"action":"SCMP_ACT_ALLOW"}]}`)
	broken := write("broken.json", "{\n\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\"syscals\": []\n}")
	huge := write("huge.json", strings.Repeat(" ", 1<<20+1))
	for _, row := range []struct {
		args string
		code int
		want string
	}{
		{"lint " + clean, 0, ""},
		{"lint " + clean + " " + clean, 0, ""},
		{"lint " + strong, 1, "syscalls[0].names[3]"},
		{"lint --ignore strong-call " + strong, 0, ""},
		{"lint --ignore strong-call,border-by-one-name " + strong + " " + clean, 0, ""},
		{"lint " + notes, 0, ""},
		{"lint --notes " + notes, 1, "rule-left-out"},
		{"lint " + misspelt, 1, misspelt + ":3  warning  name-unknown  syscalls[0].names[3]  nobody knows opennat, so the rule is left out for it: did you mean openat?"},
		{"lint testdata/formats/docker.json", 1, "testdata/formats/docker.json:11  warning  conditions-dropped  syscalls[2]  "},
		{"lint " + broken + " " + strong, 2, `broken.json:3: invalid seccomp profile: unknown field "syscals"; did you mean "syscalls"?`},
		{"lint " + broken + " " + strong, 2, "strong-call"},
		{"lint " + huge, 2, "limit"},
		{"lint " + dir, 2, "is a directory"},
		{"lint --spec testdata/config.json --profile-root testdata", 0, ""},
		{"lint", 2, "a PROFILE or --spec is needed"},
		{"lint --ignore stron-call " + clean, 2, `"stron-call" is not a kind of finding; did you mean "strong-call"?`},
		{"lint --spec testdata/config.json " + clean, 2, "beside --spec"},
		{"lint --cap-add ALL " + clean, 2, "does not depend on capabilities"},
		{"lint --cap-add BOGUS " + clean + " RuntimeDefault", 2, `"BOGUS" is not a capability`},
	} {
		got := ctl("", strings.Fields(row.args)...)
		if got.code != row.code || !strings.Contains(got.stdout+got.stderr, row.want) || row.want == "" && got.stdout != "" {
			t.Errorf("%s: exit code %d, want %d with %q: %s%s", row.args, got.code, row.code, row.want, got.stdout, got.stderr)
		}
		if (got.stderr != "") != (row.code == 2) {
			t.Errorf("%s: stderr %q", row.args, got.stderr)
		}
	}
}

// The log has what SARIF 2.1.0 requires: a rule for each result, relative URIs without
// reserved characters, and lines from 1 on.
func TestSARIF(t *testing.T) {
	needAMD64(t)
	dir := t.TempDir()
	odd := filepath.Join(dir, "a b%#?.json")
	if err := os.WriteFile(odd, []byte(`{"defaultAction":"SCMP_ACT_ALLOW"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := ctl("", "lint", "--notes", "-o", "sarif", odd, "testdata/dubious.json", "testdata/nowhere.json", "RuntimeDefault")
	if got.code != 2 {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
	var log sarifLog
	decoder := json.NewDecoder(strings.NewReader(got.stdout))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name != "seccompctl" || log.Runs[0].Invocations[0].Successful {
		t.Errorf("%+v", log)
	}
	run := log.Runs[0]
	ids := map[string]bool{}
	for _, rule := range run.Tool.Driver.Rules {
		if ids[rule.ID] || rule.Short.Text == "" {
			t.Errorf("rule %+v", rule)
		}
		ids[rule.ID] = true
	}
	uris, levels := map[string]int{}, map[string]int{}
	for _, r := range run.Results {
		levels[r.Level]++
		if r.RuleIndex < 0 || r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" {
			t.Errorf("result %+v", r)
		}
		for _, l := range r.Locations {
			uris[l.Physical.Artifact.URI]++
			if region := l.Physical.Region; region != nil && region.StartLine < 1 {
				t.Errorf("%+v", r)
			}
		}
	}
	if levels["error"] != 2 || levels["warning"] == 0 || levels["note"] == 0 || levels["error"]+levels["warning"]+levels["note"] != len(run.Results) {
		t.Errorf("levels %v", levels)
	}
	for _, want := range []string{"file://" + dir + "/a%20b%25%23%3F.json", "testdata/dubious.json", "testdata/nowhere.json"} {
		if uris[want] == 0 {
			t.Errorf("no result about %s: %v", want, uris)
		}
	}
}
