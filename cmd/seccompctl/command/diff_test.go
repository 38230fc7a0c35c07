package command

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// diff and subset answer as their exit codes say.
func TestCompareExitCodes(t *testing.T) {
	needAMD64(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	narrow := write("narrow.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write","execve"],"action":"SCMP_ACT_ALLOW"}]}`)
	other := write("other.json", `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["execve","write"],"action":"SCMP_ACT_ALLOW"},{"names":["read"],"action":"SCMP_ACT_ALLOW"}]}`)
	flags := write("flags.json", `{"defaultAction":"SCMP_ACT_ERRNO","flags":[],"syscalls":[{"names":["read","write","execve"],"action":"SCMP_ACT_ALLOW"}]}`)
	wide := write("wide.json", `{"defaultAction":"SCMP_ACT_ALLOW"}`)
	unknown := write("unknown.json", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}`)
	broken := write("broken.json", `{"defaultAction":`)
	for _, row := range []struct {
		args string
		code int
		want string
	}{
		{"diff " + narrow + " " + other, 0, "A and B are the same"},
		{"diff " + narrow + " " + flags, 1, "other fields that differ:"},
		{"diff " + narrow + " " + wide, 1, "only B lets through:"},
		{"diff RuntimeDefault RuntimeDefault", 0, "the same"},
		{"diff --cap-add ALL RuntimeDefault " + narrow, 1, "only A lets through:"},
		{"diff --cap-add ALL " + narrow + " RuntimeDefault", 1, "only B lets through:"},
		{"diff --spec testdata/config.json --profile-root testdata testdata/arguments.json", 0, "the same"},
		{"subset " + narrow + " " + wide, 0, "A is nowhere looser than B"},
		{"subset " + wide + " " + narrow, 1, "A is looser for:"},
		{"subset " + narrow + " RuntimeDefault", 0, "nowhere"},
		{"diff " + narrow, 2, "two profiles are needed"},
		{"diff", 2, "a PROFILE or --spec is needed"},
		{"diff a b c", 2, `"c": two profiles at a time`},
		{"diff - -", 2, "standard input can be read only once"},
		{"diff --cap-add ALL " + narrow + " " + wide, 2, "does not depend on capabilities"},
		{"diff " + narrow + " nowhere.json", 2, "nowhere.json: no such file"},
		{"diff " + broken + " " + narrow, 2, "broken.json: invalid seccomp profile: the JSON text ends too early"},
		{"subset " + unknown + " " + wide, 2, "no_such_call"},
		{"subset " + wide + " " + unknown, 2, "no_such_call"},
	} {
		got := ctl("", strings.Fields(row.args)...)
		if got.code != row.code || !strings.Contains(got.stdout+got.stderr, row.want) {
			t.Errorf("%s: exit code %d, want %d: %s%s", row.args, got.code, row.code, got.stdout, got.stderr)
		}
		if (got.stderr != "") != (row.code == 2) || (got.stdout != "") == (row.code == 2) {
			t.Errorf("%s: stdout %q, stderr %q", row.args, got.stdout, got.stderr)
		}
	}
}

// A profile of 4,000 rules has an answer, or an error that names the limit: never a wrong
// one.
func TestCompareLargeProfiles(t *testing.T) {
	needAMD64(t)
	const rules = 4000
	r := rand.New(rand.NewPCG(1, 2))
	file := func(name string, rule func(i int) string) string {
		var text strings.Builder
		text.WriteString(`{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[`)
		for i := range rules {
			if i > 0 {
				text.WriteByte(',')
			}
			fmt.Fprintf(&text, `{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[%s]}`, rule(i))
		}
		text.WriteString("]}")
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	forward := file("forward.json", func(i int) string { return fmt.Sprintf(`{"index":0,"op":"SCMP_CMP_EQ","value":%d}`, 3*i) })
	backward := file("backward.json", func(i int) string {
		return fmt.Sprintf(`{"index":0,"op":"SCMP_CMP_EQ","value":%d}`, 3*(rules-1-i))
	})
	almost := file("almost.json", func(i int) string { return fmt.Sprintf(`{"index":0,"op":"SCMP_CMP_EQ","value":%d}`, 3*i+i/(rules-1)) })
	masks := make([]string, rules)
	for i := range masks {
		masks[i] = fmt.Sprintf(`{"index":0,"op":"SCMP_CMP_MASKED_EQ","value":%d,"valueTwo":%d},{"index":1,"op":"SCMP_CMP_GT","value":%d}`, r.Uint32(), r.Uint32(), r.Uint32())
	}
	masked := file("masked.json", func(i int) string { return masks[i] })
	reversed := file("reversed.json", func(i int) string { return masks[rules-1-i] })
	for _, row := range []struct {
		a, b string
		want string // in the error, or a witness
		code int
	}{
		{forward, forward, "", 0},
		{forward, almost, "0x2edd", 1}, // 3*3999
		{forward, backward, "", 0},
		{masked, reversed, "reversed.json: too complex to be compared exactly", 2},
	} {
		got := ctl("", "diff", "-o", "json", row.a, row.b)
		if got.code != row.code && (got.code != 2 || !strings.Contains(got.stderr, "too complex to be compared exactly")) {
			t.Fatalf("%s, %s: exit code %d, want %d: %.300s %s", row.a, row.b, got.code, row.code, got.stdout, got.stderr)
		}
		if got.code == row.code && !strings.Contains(got.stdout+got.stderr, row.want) {
			t.Errorf("%s, %s: no %s: %.2000s %s", row.a, row.b, row.want, got.stdout, got.stderr)
		}
		t.Logf("%s, %s: %d", filepath.Base(row.a), filepath.Base(row.b), got.code)
		var document struct{ Format int }
		if got.code != 2 && (json.Unmarshal([]byte(got.stdout), &document) != nil || document.Format != compareFormat) {
			t.Errorf("%s: no document of format %d: %.100s", row.a, compareFormat, got.stdout)
		}
	}
}
