package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seccomp-shim/seccomp"
)

const formatsFolder = "testdata/formats/"

// A converted profile is one of OCI's, and means what the file means.
func TestConvert(t *testing.T) {
	needAMD64(t)
	for _, row := range []struct {
		args string
		want []string // in the profile
		not  []string
		note string
	}{
		{"docker.json --kernel 6.1", []string{`"personality"`, `"SCMP_ARCH_X32"`, `"clone"`}, []string{"comment", "mount", "sync_file_range2", "mseal", "AARCH64"}, "syscalls[2-4] are left out"},
		{"docker.json --kernel 6.18 --cap-add CAP_SYS_ADMIN", []string{`"mount"`, `"mseal"`}, []string{"clone"}, "syscalls[3,5] are left out"},
		{"docker.json --arch arm64 --kernel 6.10-rc1", []string{`"SCMP_ARCH_AARCH64"`, `"SCMP_ARCH_ARM"`}, []string{"X86"}, "arm64, Linux 6.10"},
		{"podman.json", []string{`"errnoRet": 13`, `"errnoRet": 1`, `"defaultErrnoRet": 38`}, []string{`"errno"`, `"defaultErrno"`, "EACCES"}, "all entries count"},
		{"podman.json --cap-add CAP_SYS_ADMIN", []string{`"bpf"`}, []string{"mount"}, "syscalls[1] are left out"},
		{"operator.yaml", []string{`"flags": []`, `"value": 18446744073709551615`, `"errnoRet": 13`}, []string{"metadata", "Installed"}, ""},
		{"RuntimeDefault", []string{`"defaultAction": "SCMP_ACT_ERRNO"`}, []string{`"mount"`}, ""},
		{"RuntimeDefault --cap-add CAP_SYS_ADMIN", []string{`"mount"`}, nil, ""},
		{"../fewer.json", []string{`"SECCOMP_FILTER_FLAG_LOG"`}, nil, ""},
	} {
		args := strings.Fields(row.args)
		if args[0] != runtimeDefault {
			args[0] = formatsFolder + args[0]
		}
		got := ctl("", append([]string{"convert"}, args...)...)
		if got.code != 0 || !strings.Contains(got.stderr, row.note) || row.note == "" && got.stderr != "" {
			t.Errorf("%s: exit code %d: %s", row.args, got.code, got.stderr)
		}
		for _, want := range row.want {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("%s: no %s in %s", row.args, want, got.stdout)
			}
		}
		for _, not := range row.not {
			if strings.Contains(got.stdout, not) {
				t.Errorf("%s: %s in %s", row.args, not, got.stdout)
			}
		}
		if _, err := seccomp.Parse([]byte(got.stdout)); err != nil {
			t.Errorf("%s: %v", row.args, err)
		}
		if !strings.HasSuffix(args[0], ".json") || strings.Contains(row.args, "--arch") || strings.Contains(row.args, "podman") {
			continue
		}
		out := filepath.Join(t.TempDir(), "out.json")
		if err := os.WriteFile(out, []byte(got.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(row.args, "--kernel") {
			continue // the others are this node's
		}
		if same := ctl("", "diff", args[0], out); same.code != 0 {
			t.Errorf("%s: the converted profile differs: %s%s", row.args, same.stdout, same.stderr)
		}
	}
}

// A converted profile converts to itself.
func TestConvertTwice(t *testing.T) {
	needAMD64(t)
	for _, name := range []string{"docker.json", "podman.json", "operator.yaml"} {
		once := ctl("", "convert", formatsFolder+name)
		twice := ctl(once.stdout, "convert", "-")
		if once.code != 0 || twice.code != 0 || once.stdout != twice.stdout || twice.stderr != "" {
			t.Errorf("%s: %+v, %+v", name, once, twice)
		}
	}
}

// What would be lost, and what is malformed, is an error that names the field. Nothing is
// written.
func TestConvertRefuses(t *testing.T) {
	needAMD64(t)
	operator := func(change ...string) string {
		text, err := os.ReadFile(formatsFolder + "operator.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(change...).Replace(string(text))
	}
	podman := func(rest string) string {
		return `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO",` + rest + `}]}`
	}
	const fault, misused = exitFailure, exitUsage
	for _, row := range []struct {
		stdin, args string
		code        int
		want        string
	}{
		{operator("  flags: []", "  baseProfileName: runc-v1.1"), "-", fault, `-: SeccompProfile: spec.baseProfileName: "runc-v1.1": the operator adds the rules`},
		{operator("  flags: []", "  disabled: true"), "-", fault, "spec.disabled: true"},
		{operator("  flags: []", "  flogs: []"), "-", fault, `spec: invalid seccomp profile: unknown field "flogs"; did you mean "flags"?`},
		{operator("SCMP_ACT_ALLOW", "SCMP_ACT_ALOW"), "-", fault, `syscalls[0].action: "SCMP_ACT_ALOW": did you mean "SCMP_ACT_ALLOW"?`},
		{operator("kind: SeccompProfile", "kind: ProfileRecording"), "-", fault, `kind "ProfileRecording"`},
		{operator("security-profiles-operator.x-k8s.io/v1beta1", "v1"), "-", fault, `of "v1"`},
		{operator("spec:", "spac:"), "-", fault, `unknown field "spac"; did you mean "spec"?`},
		{operator() + "---\n" + operator(), "-", fault, "2 YAML documents"},
		{operator("  flags: []", "  flags: []\n  flags: []"), "-", fault, "flags"},
		{operator("  flags: []", "\tflags: []"), "-", fault, "not YAML"},
		{"apiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\n", "-", fault, "spec: must be set"},
		{"apiVersion: 3\nkind: []\n", "-", fault, "must be strings"},
		{podman(`"errno":"EBOGUS"`), "-", fault, `syscalls[0].errno: "EBOGUS": is not the name of an error`},
		{podman(`"errno":"EPERM","errnoRet":2`), "-", fault, "is 1, but syscalls[0].errnoRet is 2"},
		{podman(`"errno":1`), "-", fault, "syscalls[0].errno: 1: must be a string"},
		{podman(`"errno":"EPERM","bogus":1`), "-", fault, `unknown field "bogus"`},
		{`{"archMap":[{"architecture":"SCMP_ARCH_X86_64"}],`, "-", fault, "ends too early"},
		{`{"defaultAction":"SCMP_ACT_ERRNO","archMap":[],` + "\n" + `"syscalls":[{"name":"a b","action":"SCMP_ACT_ALLOW"}]}`, "-", fault, `-:2: invalid seccomp profile: syscalls[0].names[0]: "a b"`},
		{"defaultAction: SCMP_ACT_ALLOW\n", "-", fault, "YAML"},
		{"", "-", fault, "the text is empty"},
		{"\x00\x01", "-", fault, "-: "},
		{strings.Repeat("x", 1<<20+1), "-", fault, "limit"},
		{`{"defaultAction":"SCMP_ACT_ALLOW"}`, "--cap-add ALL -", misused, "has no conditions"},
		{`{"defaultAction":"SCMP_ACT_ALLOW"}`, "--kernel 6.1 -", misused, "- has no conditions"},
		{"", "--kernel six -", misused, `--kernel: "six" is not the version of a kernel`},
		{"", "--arch amd46x -", misused, `--arch: "amd46x" must be one of 386`},
		{"", "a b", misused, `"b": one profile at a time`},
		{"", "", misused, "a PROFILE or --spec is needed"},
	} {
		got := ctl(row.stdin, append([]string{"convert"}, strings.Fields(row.args)...)...)
		if got.code != row.code || !strings.Contains(got.stderr, row.want) || got.stdout != "" {
			t.Errorf("%.60q %s: exit code %d, want %d with %s: %s%s", row.stdin, row.args, got.code, row.code, row.want, got.stderr, got.stdout)
		}
	}
}
