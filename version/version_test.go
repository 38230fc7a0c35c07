package version

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// deploy/packages/version prints the same version in a repository and in its tarball, and
// has a form for commits without a tag, with changes, at a tag and after one.
func TestVersionOfSource(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git:", err)
	}
	repository := t.TempDir()
	for _, file := range []string{".gitattributes", "deploy/packages/version"} {
		text, err := os.ReadFile("../" + file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(repository, file), text)
	}
	git := func(args ...string) []byte {
		cmd := exec.Command("git", args...)
		cmd.Dir = repository
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "TZ=America/New_York",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
			"GIT_COMMITTER_DATE=2026-11-24T18:17:53+0200")
		return output(t, cmd)
	}
	says := func(want string) {
		t.Helper()
		if got := said(t, repository); !regexp.MustCompile(`^` + want + `$`).MatchString(got) {
			t.Errorf("the repository says %q, want %s", got, want)
		}
	}
	archiveSays := func(want string) {
		t.Helper()
		dir := t.TempDir()
		tar := exec.Command("tar", "-x", "-C", dir)
		tar.Stdin = bytes.NewReader(git("archive", "HEAD"))
		output(t, tar)
		if got := said(t, dir); !regexp.MustCompile(`^` + want + `$`).MatchString(got) {
			t.Errorf("the tarball says %q, want %s", got, want)
		}
		for _, fact := range []string{"-t", "-a"} {
			if got, want := said(t, dir, fact), said(t, repository, fact); got != want || got == "" {
				t.Errorf("%s: the tarball says %q, the commit %q", fact, got, want)
			}
		}
	}

	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "one")
	untagged := `v0\.0\.0-20261124161753-[0-9a-f]{12}`
	says(untagged)
	archiveSays(untagged)
	write(t, filepath.Join(repository, ".gitattributes"), []byte("deploy/packages/version export-subst # changed\n"))
	says(untagged + `\+dirty`)

	git("checkout", ".")
	git("tag", "not-a-version")
	git("tag", "v1.2.0")
	says(`v1\.2\.0`)
	archiveSays(`v1\.2\.0`)

	git("commit", "-q", "--allow-empty", "-m", "two")
	says(`v1\.2\.0-1-g[0-9a-f]+`)
	archiveSays(`v1\.2\.0-1-g[0-9a-f]+`)
}

// Debian's versions sort in the order of the commits.
func TestDebiansVersions(t *testing.T) {
	rows := []struct{ version, want string }{
		{"v0.0.0-20261124181753-ef9332548b2c", "0.0.0~20261124181753.ef9332548b2c"},
		{"v0.0.0-20261124181753-ef9332548b2c+dirty", "0.0.0~20261124181753.ef9332548b2c+dirty"},
		{"v1.2.0-rc.1", "1.2.0~rc.1"},
		{"v1.2.0-rc.1-3-g0123456", "1.2.0~rc.1+3.g0123456"},
		{"v1.2.0", "1.2.0"},
		{"v1.2.0-5-g0123456", "1.2.0+5.g0123456"},
		{"v1.2.1", "1.2.1"},
	}
	_, err := exec.LookPath("dpkg")
	for i, row := range rows {
		if got := said(t, "..", "-d", row.version); got != row.want {
			t.Errorf("%s is %s, want %s", row.version, got, row.want)
		}
		if i > 0 && err == nil && exec.Command("dpkg", "--compare-versions", rows[i-1].want, "lt", row.want).Run() != nil {
			t.Errorf("%s does not come before %s", rows[i-1].want, row.want)
		}
	}
}

// In a directory that is neither, the error says what to do.
func TestVersionNeedsSource(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("../deploy/packages/version")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "deploy/packages/version"), text)
	out, err := exec.Command(filepath.Join(dir, "deploy/packages/version")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "set VERSION") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWrite(t *testing.T) {
	stamped = "v1.2.3"
	t.Cleanup(func() { stamped = "" })
	var text strings.Builder
	if err := Write(&text, "program", "2.5.4"); err != nil {
		t.Fatal(err)
	}
	// Without libcontainer, which this test does not link.
	want := regexp.MustCompile(`^program:\n  Version: +v1\.2\.3\n  Go version: +go1\S+\n  libseccomp: +2\.5\.4\n$`)
	if !want.MatchString(text.String()) {
		t.Errorf("%s", text.String())
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
}

func said(t *testing.T, dir string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(string(output(t, exec.Command(filepath.Join(dir, "deploy/packages/version"), args...))))
}

func output(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, stderr.String())
	}
	return out
}
