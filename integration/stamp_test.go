package integration

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// Who reports a fault, or asks which nodes need an update, finds what the binaries
// are and what libcontainer and libseccomp is in them.
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
