package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An error is one line that names what is wrong. The exit code distinguishes a wrong command
// line from a failure.
func TestBadInput(t *testing.T) {
	needAMD64(t)
	const fault, misused = exitFailure, exitUsage
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args, stdin string
		code        int
		want        string
	}{
		{"compil -", "", misused, `unknown command "compil", did you mean compile?`},
		{"xyz", "", misused, `unknown command "xyz"`},
		{"compile --bogus", "", misused, "--bogus"},
		{"compile", "", misused, "a PROFILE or --spec is needed"},
		{"compile a b", "", misused, `"b": one profile at a time`},
		{"compile -o yaml -", "", misused, `"yaml"`},
		{"compile --spec a b", "", misused, `"b"`},
		{"compile --unset-profile RuntimeDefault -", "{}", misused, "--unset-profile need --spec"},
		{"compile --cap-add CAP_CHOWN -", `{"defaultAction":"SCMP_ACT_ALLOW"}`, misused, "- does not depend on capabilities"},
		{"compile --cap-add CAP_CHOWN --spec -", "{}", misused, "the capabilities are those of the container"},
		{"compile --cap-add CAP_CHOWM RuntimeDefault", "", misused, `--cap-add: "CAP_CHOWM" is not a capability; did you mean "CAP_CHOWN"?`},
		{"compile --cap-drop , RuntimeDefault", "", misused, `--cap-drop: "" is not a capability`},
		{"compile nowhere.json", "", fault, "nowhere.json: no such file"},
		{"explain --floor testdata/floor.json testdata/arguments.json", "", misused, "--floor needs a SYSCALL"},
		{"inspect --floor testdata/floor.json testdata/config.json", "", misused, "--floor needs --profile or --spec"},
		{"compile --floor testdata/nowhere.json testdata/arguments.json", "", fault, "testdata/nowhere.json"},
		{"compile --floor testdata/config.json testdata/arguments.json", "", fault, "testdata/config.json"},
		{"compile testdata", "", fault, "testdata: is a directory"},
		{"compile -", "", fault, "-: invalid seccomp profile"},
		{"compile -", "{}", fault, "defaultAction"},
		{"compile -", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a b"],"action":"SCMP_ACT_LOG"}]}`, fault, `syscalls[0].names[0]: "a b"`},
		{"compile -", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_KILL"}]}`, fault, "no_such_call"},
		{"compile -", `{"defaultAction":"SCMP_ACT_ALLOW","bogus":1}`, fault, "bogus"},
		{"compile -", `{"defaultAction":"SCMP_ACT_ERRNO"}`, fault, "execve"},
		{"compile -", strings.Repeat(" ", 1<<20+1), fault, "limit"},
		{"compile --spec -", "[]", fault, "-: "},
		{"compile --spec -", "[]", fault, "-: a JSON array stands where an object belongs"},
		{"compile --spec -", "{}", fault, "unconfined"},
		{"compile --spec -", `{"defaultAction":"SCMP_ACT_ALLOW"}`, fault, "-: this is a profile and no OCI spec: name it without --spec"},
		{"compile --spec -", `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["ioctl"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"op":"SCMP_CMP_EQ"}]}]}}}`,
			fault, "linux.seccomp: invalid seccomp profile: syscalls[0].args[0].value: must be set"},
		{"compile --spec -", `{"annotations":{"io.containerd.seccomp.v1/Profile":"RuntimeDefault"}}`, fault, `did you mean "io.containerd.seccomp.v1/profile"?`},
		{"compile -", "\ufeff{}", fault, "-: invalid seccomp profile: the text begins with a byte order mark"},
		{"explain -", `{"defaultAction":"SCMP_ACT_ERRNO(1)"}`, fault, `write "SCMP_ACT_ERRNO" and "defaultErrnoRet": 1`},
		{"inspect --profile - testdata/config.json", "defaultAction: x", fault, "it looks like JSON"},
		{"compile --spec -", `{"annotations":{"io.containerd.seccomp.v1/profile":"Localhost/../x"}}`, fault, "Localhost/../x"},
		{"compile --spec - --unset-profile Bogus", "{}", fault, `option unset_profile: "Bogus"`},
		{"compile --spec - --unset-profile Localhost/x --profile-root testdata", "{}", fault, "testdata/x"},
		{"inspect", "", misused, "a FILE or --pid is needed"},
		{"inspect --pid 1 -", "", misused, "a FILE or --pid is needed"},
		{"inspect a b", "", misused, `"b": one file at a time`},
		{"inspect --pid 0", "", misused, "--pid: 0"},
		{"inspect --pid x", "", misused, `"x"`},
		{"inspect --pid 99999999999999999999", "", misused, `--pid: "99999999999999999999" is not a number that it can have`},
		{"inspect -o bpf --profile a b", "", misused, "-o bpf"},
		{"inspect --profile a --spec b c", "", misused, `"a"`},
		{"inspect --pid 1073741824", "", fault, "process 1073741824: no such process"},
		{"inspect " + empty, "", fault, "0 instructions"},
		{"inspect -", "1234567", fault, "not a whole number of 8-byte instructions"},
		{"inspect -", strings.Repeat("x", 1<<20+1), fault, "limit"},
		{"inspect testdata/config.json", "", fault, "it looks like JSON"},
		{"explain", "", misused, "a PROFILE or --spec is needed"},
		{"explain RuntimeDefault read 1 2 3 4 5 6 7", "", misused, "7 arguments"},
		{"explain RuntimeDefault read 1 x", "", misused, `argument 1: "x"`},
		{"explain RuntimeDefault read 0x10000000000000000", "", misused, `"0x10000000000000000"`},
		{"explain RuntimeDefault read -1 -x", "", misused, "unknown shorthand flag: 'x'"},
		{"explain RuntimeDefault read -9223372036854775809", "", misused, `argument 0: "-9223372036854775809" is neither a number of 64 bits`},
		{"explain RuntimeDefault read 1 -- -1x", "", misused, `argument 1: "-1x"`},
		{"explain RuntimeDefault -1", "", fault, `syscall "-1"`},
		{"explain -5", "", fault, "-5: no such file"},
		{"explain RuntimeDefault no_such_call", "", fault, `syscall "no_such_call"`},
		{"explain RuntimeDefault mkdirr", "", fault, `syscall "mkdirr": unknown on [SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32]; did you mean "mkdir"?`},
		{"explain RuntimeDefault socket AF_INT", "", misused, `did you mean "AF_INET"?`},
		{"explain testdata/fewer.json --cap-add ALL", "", misused, "testdata/fewer.json does not depend on capabilities"},
		{"compile -", "{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\n{\"names\": [\"mkdirr\"],\n\"action\": \"SCMP_ACT_KILL\"}]}", fault, `-:4: invalid seccomp profile: syscalls[0].names[0]: "mkdirr"`},
		{"compile -", "{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\n{\"names\": [\"mkdirr\"],\n\"action\": \"SCMP_ACT_KILL\"}]}", fault, `or remove it; did you mean "mkdir"?`},
		{"compile -", "{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscalls\": [\n{\"names\": [\"mkdir\"],\n\"action\": \"SCMP_ACT_DENY\"}]}", fault, `-:5: invalid seccomp profile: syscalls[0].action: "SCMP_ACT_DENY"`},
		{"compile -", "{\n\"defaultAction\": \"SCMP_ACT_ALLOW\",\n\"syscals\": []}", fault, `-:3: invalid seccomp profile: unknown field "syscals"; did you mean "syscalls"?`},
		{"version x", "", misused, `"x": version takes no operand`},
		{"explain RuntimeDefault 4294967296", "", fault, `syscall "4294967296"`},
		{"generate", "", misused, "a RECORDING is needed"},
		{"generate --default-action SCMP_ACT_ALLOW -", "", misused, `--default-action: "SCMP_ACT_ALLOW"`},
		{"generate --default-action SCMP_ACT_ERNO -", "", misused, `did you mean "SCMP_ACT_ERRNO"?`},
		{"generate --name x -", "", misused, "--name needs -o spo"},
		{"generate -o spo --name X testdata/recording.json", "", misused, `--name: "X"`},
		{"generate nowhere.json", "", fault, "nowhere.json: no such file"},
		{"generate -", "", fault, "-: no recording: the file is empty"},
		{"generate -", "{", fault, "-: no recording: the text is cut off"},
		{"generate testdata/arguments.json", "", fault, "testdata/arguments.json: no recording"},
		{"generate --arguments read testdata/recording.json", "", fault, `arguments of "read" are not recorded`},
		{"generate --add-denials none --dir testdata/none testdata/recording.json", "", fault, `--add-denials: container "none"`},
	} {
		t.Run(row.args, func(t *testing.T) {
			got := ctl(row.stdin, strings.Fields(row.args)...)
			if got.code != row.code || !strings.Contains(got.stderr, row.want) || !strings.HasPrefix(got.stderr, "seccompctl: ") {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, row.code, got.stderr, row.want)
			}
			if got.stdout != "" {
				t.Errorf("stdout %q", got.stdout)
			}
			for _, jargon := range []string{"Go struct", "Go value", "strconv.", "specs."} {
				if strings.Contains(got.stderr, jargon) {
					t.Errorf("stderr says %q: %s", jargon, got.stderr)
				}
			}
			advice := strings.Contains(got.stderr, " --help'.")
			if lines := strings.Count(got.stderr, "\n"); advice != (row.code == misused) || lines > 2 {
				t.Errorf("stderr in %d lines: %s", lines, got.stderr)
			}
		})
	}
}

func TestParseArgument(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "10": 10, "0x10": 16, "010": 8, "0o10": 8, "18446744073709551615": ^uint64(0), "-1": ^uint64(0),
		"AF_INET": 2, "CLONE_NEWUSER|CLONE_NEWNS|0x11": 0x10020011,
	} {
		if got, err := parseArgument(text); got != want || err != nil {
			t.Errorf("%s: got %#x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "|", "1|", "AF_BOGUS", "0x", "1.5", "-9223372036854775809"} {
		if got, err := parseArgument(text); err == nil {
			t.Errorf("%q: got %#x", text, got)
		}
	}
}

// Negative numbers are arguments, at any place among the flags.
func TestNegativeArguments(t *testing.T) {
	needAMD64(t)
	want := mustCtl(t, "explain", "testdata/arguments.json", "-o", "json", "--", "mmap", "0", "4096", "7", "2", "-1", "0")
	for _, line := range []string{
		"explain testdata/arguments.json mmap 0 4096 7 2 -1 0 -o json",
		"explain -o json testdata/arguments.json mmap 0 4096 7 2 -1 0",
		"explain testdata/arguments.json mmap 0 -o json 4096 7 2 -0x1 0",
		"explain testdata/arguments.json mmap 0 4096 7 2 18446744073709551615 0 -o json",
	} {
		if got := mustCtl(t, strings.Fields(line)...); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", line, got, want)
		}
	}
	if !strings.Contains(want, "18446744073709551615") {
		t.Errorf("the argument is not there: %s", want)
	}
}
