package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const commit = "9614abaf922201e212b32a5bfec70ccca06ab000"

// release makes a folder as `make release` does: files, the statement, and signed checksums.
func release(t *testing.T) (dir, key, allowed string) {
	t.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("needs ssh-keygen (Debian: openssh-client): ", err)
	}
	dir, keys := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, "seccomp-shim_1.2.3-1_amd64.deb"), "package")
	write(t, filepath.Join(dir, "seccomp-shim-v1.2.3-linux-amd64.tar.gz"), "tarball")
	files, _ := filepath.Glob(filepath.Join(dir, "*")) // no bad pattern
	text, err := request{"v1.2.3", commit, unknown}.describe(files)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "seccomp-shim-v1.2.3.provenance.json"), string(text))
	key, allowed = filepath.Join(keys, "key"), filepath.Join(keys, "allowed_signers")
	run(t, dir, "sh", "-c", "sha256sum -- * >SHA256SUMS")
	run(t, keys, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	write(t, allowed, "maintainer@example.com "+string(public))
	run(t, "..", "./sign", dir, key)
	return dir, key, allowed
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, out)
	}
}

// A release verifies, and does not after any change.
func TestVerifyRelease(t *testing.T) {
	sum := func(dir string) string { return "cd " + dir + " && sha256sum -- *.deb *.gz *.json >SHA256SUMS" }
	for _, row := range []struct {
		name, want string
		change     func(t *testing.T, dir, key string)
	}{
		{"as it was signed", "3 files are as maintainer@example.com has signed them", func(*testing.T, string, string) {}},
		{"a changed file", "a file is not as it was signed", func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, "seccomp-shim_1.2.3-1_amd64.deb"), "packagf")
		}},
		{"a changed statement", "a file is not as it was signed", func(t *testing.T, dir, _ string) {
			run(t, dir, "sh", "-c", "sed -i s/9614/0000/ *.provenance.json")
		}},
		{"changed checksums", "SHA256SUMS is not signed by maintainer@example.com", func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, "seccomp-shim_1.2.3-1_amd64.deb"), "other")
			run(t, dir, "sh", "-c", sum(dir))
		}},
		{"a further file", "later.deb has no checksum in SHA256SUMS", func(t *testing.T, dir, _ string) {
			write(t, filepath.Join(dir, "later.deb"), "package")
		}},
		{"a missing file", "a file is not as it was signed", func(t *testing.T, dir, _ string) {
			run(t, dir, "sh", "-c", "rm *.gz")
		}},
		{"no signature", "this release is not signed", func(t *testing.T, dir, _ string) { run(t, dir, "rm", "SHA256SUMS.sig") }},
		{"another signer", "SHA256SUMS is not signed by maintainer@example.com", func(t *testing.T, dir, key string) {
			run(t, dir, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key+"2")
			run(t, dir, "rm", "SHA256SUMS.sig")
			run(t, "..", "./sign", dir, key+"2")
		}},
		{"a signature for something else", "SHA256SUMS is not signed by maintainer@example.com", func(t *testing.T, dir, key string) {
			run(t, dir, "sh", "-c", "rm SHA256SUMS.sig; ssh-keygen -q -Y sign -n git -f "+key+" SHA256SUMS")
		}},
		{"a file that the statement does not name", "does not name other.deb", func(t *testing.T, dir, key string) {
			write(t, filepath.Join(dir, "other.deb"), "package")
			run(t, dir, "sh", "-c", "rm SHA256SUMS.sig; "+sum(dir))
			run(t, "..", "./sign", dir, key)
		}},
		{"no statement", "there is no statement of provenance", func(t *testing.T, dir, key string) {
			run(t, dir, "sh", "-c", "rm SHA256SUMS* *.json; sha256sum -- * >/tmp/$$; mv /tmp/$$ SHA256SUMS")
			run(t, "..", "./sign", dir, key)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dir, key, allowed := release(t)
			row.change(t, dir, key)
			cmd := exec.Command("./verify", dir, allowed, "maintainer@example.com")
			cmd.Dir = ".."
			out, err := cmd.CombinedOutput()
			if (err == nil) != (row.name == "as it was signed") || !strings.Contains(string(out), row.want) {
				t.Errorf("got %v, %s, want %q", err, out, row.want)
			}
		})
	}
}

// The statement has the fields that in-toto and SLSA ask for, and is the same each time.
func TestStatement(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.deb")
	write(t, file, "abc")
	text, err := request{"v1.2.3", commit, "https://forge.example/seccomp-shim"}.describe([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	again, _ := request{"v1.2.3", commit, "https://forge.example/seccomp-shim"}.describe([]string{file})
	if string(again) != string(text) {
		t.Errorf("two differ:\n%s\n%s", text, again)
	}
	var got struct {
		Type          string `json:"_type"`
		PredicateType string
		Subject       []resource
		Predicate     provenance
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	source := got.Predicate.BuildDefinition.ResolvedDependencies[0]
	switch {
	case got.Type != "https://in-toto.io/Statement/v1", got.PredicateType != "https://slsa.dev/provenance/v1",
		len(got.Subject) != 1, got.Subject[0].Name != "a.deb",
		got.Subject[0].Digest["sha256"] != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // FIPS 180-2, B.1
		got.Predicate.BuildDefinition.BuildType == "", got.Predicate.RunDetails.Builder.ID == "",
		got.Predicate.BuildDefinition.ExternalParameters["version"] != "v1.2.3",
		source.URI != "git+https://forge.example/seccomp-shim", source.Digest["gitCommit"] != commit:
		t.Errorf("got %s", text)
	}
	for _, bad := range []request{{"", commit, unknown}, {"v1", "HEAD", unknown}, {"v1", commit[1:], unknown}} {
		if _, err := bad.describe([]string{file}); err == nil {
			t.Errorf("%+v makes a statement", bad)
		}
	}
	if _, err := (request{"v1", commit, unknown}).describe([]string{file + ".absent"}); err == nil {
		t.Error("an absent file is in a statement")
	}
}
