package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// The binaries print their own version and those of libcontainer and libseccomp, for
// bug reports and to find nodes that need an update.
func TestBinariesTellTheirVersions(t *testing.T) {
	t.Parallel()
	runc, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/opencontainers/runc").Output()
	if err != nil {
		t.Skip("needs go, to ask it for go.mod's version of runc:", err)
	}
	libcontainer := regexp.QuoteMeta(strings.TrimSpace(string(runc)))
	const own = `v\d+\.\d+\.\d+\S*`
	for _, row := range []struct{ binary, flag, want string }{
		{"containerd-shim-seccomp-v1", "-v", `(?s)^containerd-shim-seccomp-v1:\n  Version: +` + own +
			`\n.*  libcontainer: +` + libcontainer + `\n  libseccomp: +2\.\d+\.\d+\n  containerd: +v2\.`},
		{"containerd-shim-seccomp-v1", "--version", `^containerd-shim-seccomp-v1:\n`},
		{"seccompctl", "--version", `(?s)^seccompctl:\n  Version: +` + own + `\n.*  libseccomp: +2\.\d+\.\d+\n`},
	} {
		out, err := exec.Command(filepath.Join(testbed.BinDir(), row.binary), row.flag).CombinedOutput()
		if err != nil || !regexp.MustCompile(row.want).Match(out) {
			t.Errorf("%s %s: %v\n%s", row.binary, row.flag, err, out)
		}
	}
}

// The shim's manual page lists the flags that its -h shows.
func TestManualHasTheShimsFlags(t *testing.T) {
	t.Parallel()
	help, err := exec.Command(filepath.Join(testbed.BinDir(), "containerd-shim-seccomp-v1"), "-h").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, help)
	}
	page, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), "deploy/packages/containerd-shim-seccomp-v1.8"))
	if os.IsNotExist(err) {
		t.Skip("needs the module's sources:", err) // a virtual machine does not have them
	} else if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^  -(\S+)`).FindAllStringSubmatch(string(help), -1)
	if len(shown) < 5 {
		t.Errorf("few flags in %s", help)
	}
	for _, flag := range shown {
		if !regexp.MustCompile(`(?m)^\.It .*\bFl ` + flag[1] + `\b`).Match(page) {
			t.Errorf("not in the manual page: -%s", flag[1])
		}
	}
}
