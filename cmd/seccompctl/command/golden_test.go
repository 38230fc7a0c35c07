package command

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/version"
)

var update = flag.Bool("update", false, "write testdata/*.golden")

// The output for people and programs does not change. hostless removes what depends on the
// host's libseccomp: how many syscalls it knows, its programs, its faults.
func TestGolden(t *testing.T) {
	needAMD64(t)
	for _, row := range []struct {
		name string
		code int
		args string
	}{
		{"explain-open", 0, "explain testdata/arguments.json clone"},
		{"explain-constant", 0, "explain testdata/arguments.json clone CLONE_NEWUSER|SOCK_STREAM"},
		{"explain-match", 0, "explain testdata/arguments.json clone 0x11"},
		{"explain-multiplexer", 0, "explain testdata/arguments.json socket AF_UNIX"},
		{"explain-new", 0, "explain testdata/arguments.json clone3"},
		{"explain-newer-than-libseccomp", 0, "explain testdata/newer.json mseal"},
		{"explain-number", 0, "explain testdata/arguments.json 1"},
		{"explain-unknown", 0, "explain testdata/dubious.json not_yet_a_syscall"},
		{"explain-negative", 0, "explain testdata/dubious.json -- read -1"},
		{"explain-negative-as-written", 0, "explain testdata/arguments.json mmap 0 4096 7 2 -1 0"},
		{"explain-json", 0, "explain testdata/arguments.json socket AF_UNIX -o json"},
		{"explain-spec", 0, "explain --spec testdata/config.json --profile-root testdata write"},
		{"explain-floor", 0, "explain --floor testdata/floor.json testdata/arguments.json socket"},
		{"report", 0, "explain testdata/arguments.json"},
		{"report-dubious", 1, "explain testdata/dubious.json"},
		{"report-json", 1, "explain testdata/dubious.json -o json"},
		{"diff", 1, "diff testdata/arguments.json testdata/fewer.json"},
		{"diff-json", 1, "diff testdata/arguments.json testdata/fewer.json -o json"},
		{"subset", 1, "subset testdata/arguments.json testdata/fewer.json"},
		{"subset-json", 1, "subset testdata/arguments.json testdata/fewer.json -o json"},
		{"lint", 2, "lint testdata/dubious.json testdata/newer.json testdata/fewer.json testdata/nowhere.json"},
		{"lint-notes", 1, "lint --notes testdata/fewer.json"},
		{"lint-json", 2, "lint testdata/dubious.json testdata/newer.json -o json"},
		{"lint-sarif", 2, "lint testdata/dubious.json testdata/newer.json testdata/nowhere.json -o sarif"},
		{"explain-two", 1, "explain testdata/arguments.json testdata/nowhere.json testdata/fewer.json socket AF_UNIX"},
		{"explain-two-json", 0, "explain testdata/arguments.json testdata/fewer.json socket AF_UNIX -o json"},
		{"help", 0, "--help"},
		{"explain-docker", 0, "explain testdata/formats/docker.json clone 0x11"},
		{"convert-docker", 0, "convert testdata/formats/docker.json --kernel 6.1"},
		{"convert-operator", 0, "convert testdata/formats/operator.yaml"},
		{"help-convert", 0, "convert --help"},
		{"help-report", 0, "report --help"},
		{"help-lint", 0, "lint --help"},
		{"help-audit", 0, "audit --help"},
		{"help-diff", 0, "diff --help"},
		{"help-subset", 0, "subset --help"},
		{"help-compile", 0, "compile --help"},
		{"help-inspect", 0, "inspect --help"},
		{"help-explain", 0, "explain --help"},
		{"help-denials", 0, "denials --help"},
		{"help-generate", 0, "generate --help"},
		{"generate", 0, "generate testdata/recording.json --arguments socket"},
		{"generate-docker", 0, "generate testdata/recording.json -o docker --default-action SCMP_ACT_LOG"},
		{"generate-spo", 0, "generate testdata/recording.json -o spo --arguments unshare"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out := ctl("", strings.Fields(row.args)...)
			if out.code != row.code {
				t.Errorf("exit code %d, want %d: %s", out.code, row.code, out.stderr)
			}
			got := "$ seccompctl " + row.args + "\n" + hostless(out.stdout+out.stderr)
			file := "testdata/" + row.name + ".golden"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

var counts = regexp.MustCompile(`((?m)^SCMP_ARCH_.*(?:default|new|rule) +|"syscalls": |"?instructions"?: +)\d+`)
var own = regexp.MustCompile(`(compiled without it: )[^"\n]*`)

// lists are names of syscalls, which the host's libseccomp knows more or fewer of.
var lists = []struct {
	names *regexp.Regexp
	short string
}{
	{regexp.MustCompile(`((?:default|new)\):\n)(?:  .*\n)+`), "${1}  NAMES\n"},
	{regexp.MustCompile(`("syscalls": \d+,\s*"names": )\[[^\]]*\]`), "${1}[NAMES]"},
}

func hostless(text string) string {
	text = strings.ReplaceAll(text, `"version": "`+version.String()+`"`, `"version": "VERSION"`)
	for _, list := range lists {
		text = list.names.ReplaceAllString(text, list.short)
	}
	text = strings.ReplaceAll(text, libseccomp.Version(), "VERSION")
	text = own.ReplaceAllString(text, "${1}LIST")
	return counts.ReplaceAllString(text, "${1}N")
}
