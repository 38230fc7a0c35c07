package config

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const file = "/etc/containerd/conf.d/seccomp.toml"

// The bytes around what is added stay as they are, and are all that is left without it.
func TestWithImport(t *testing.T) {
	const ours = `imports = ["` + file + `"] # ` + Mark
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", ours + "\n"},
		{"comments", "# one\n\n# two\n", ours + "\n# one\n\n# two\n"},
		{"below the version", "# one\nversion = 3 # three\n[debug]\n", "# one\nversion = 3 # three\n" + ours + "\n[debug]\n"},
		{"a last line without an end", "version = 3", "version = 3\n" + ours + "\n"},
		{"a version that is another's", "[a]\nversion = 3\n", ours + "\n[a]\nversion = 3\n"},
		{"CRLF", "version = 3\r\n[debug]\r\n", "version = 3\r\n" + ours + "\r\n[debug]\r\n"},
		{"an array", "imports = ['a.toml'] # x\n", `imports = ["` + file + `", 'a.toml'] # x` + "\n"},
		{"an empty array", "imports=[]\n", `imports=["` + file + `", ]` + "\n"},
		{"on many lines", "imports = [ # [\n  'a]', # b\n]\n", `imports = ["` + file + `",  # [` + "\n  'a]', # b\n]\n"},
		{"a quoted key", "'imports' = [ 'a' ]\n", `'imports' = ["` + file + `",  'a' ]` + "\n"},
		{"another's imports", "[plugins.x]\nimports = []\n", ours + "\n[plugins.x]\nimports = []\n"},
		{"a string that looks like it", "root = \"\"\"\nimports = []\n\"\"\"\n", ours + "\nroot = \"\"\"\nimports = []\n\"\"\"\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := WithImport([]byte(row.text), file)
			if err != nil || string(got) != row.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, row.want)
			}
			if back := Without(got, file); strings.TrimSuffix(string(back), "\n") != strings.TrimSuffix(row.text, "\n") {
				t.Errorf("without it, it is\n%q", back)
			}
		})
	}
}

// Other tools write the file again, in their own way.
func TestWithoutImportOfOthers(t *testing.T) {
	for text, want := range map[string]string{
		"imports = ['" + file + "']\n":               "imports = []\n",
		"imports = ['" + file + "', \"a\"]\n":        "imports = [\"a\"]\n",
		"imports = [\n  '" + file + "'\n  ,'a'\n]\n": "imports = [\n  'a'\n]\n",
		"imports = [\"a\", '" + file + "']\n":        "imports = [\"a\", ]\n",
		"imports = [\"a\"]\n":                        "imports = [\"a\"]\n",
		"root = '" + file + "'\n":                    "root = '" + file + "'\n",
	} {
		if got := string(Without([]byte(text), file)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestWithBlock(t *testing.T) {
	for _, text := range []string{"", "a = 1\n", "a = 1", "a = 1\r\nb = 2\r\n", "{{ template \"base\" . }}\n"} {
		got := WithBlock([]byte(text), []byte("\n[x]\ny = 1\n\n"))
		if !bytes.Contains(bytes.ReplaceAll(got, []byte("\r"), nil), []byte("# BEGIN seccomp-shim\n\n[x]\ny = 1\n# END seccomp-shim\n")) {
			t.Errorf("%q is now\n%s", text, got)
		}
		if strings.Contains(text, "\r") != strings.Contains(string(got), "1\r\n# END") {
			t.Errorf("%q has other line ends: %q", text, got)
		}
		if back := Without(got, file); strings.TrimRight(string(back), "\r\n") != strings.TrimRight(text, "\r\n") {
			t.Errorf("%q is then %q", text, back)
		}
	}
}

func TestWithVersion(t *testing.T) {
	got := WithVersion([]byte("# x\n"), 2)
	if version, empty, err := Format(got); version != 2 || empty || err != nil {
		t.Errorf("%q: %d, %v, %v", got, version, empty, err)
	}
	if back := string(Without(got, file)); back != "# x\n" {
		t.Errorf("it is then %q", back)
	}
}

func TestFormat(t *testing.T) {
	for _, row := range []struct {
		text    string
		version int
		empty   bool
	}{
		{"", 0, true},
		{"\r\n# version = 2\r\n", 0, true},
		{"version=2", 2, false},
		{"\"version\" = 3 # x", 3, false},
		{"[a]\nversion = 2\n", 0, false},
		{"[a]\n", 0, false},
	} {
		if version, empty, err := Format([]byte(row.text)); version != row.version || empty != row.empty || err != nil {
			t.Errorf("%q: got %d, %v, %v", row.text, version, empty, err)
		}
	}
	if _, _, err := Format([]byte("version = \n")); err == nil {
		t.Error("no error")
	}
}

func TestDefines(t *testing.T) {
	v := Version{2, 4}
	for text, want := range map[string]bool{
		"[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.seccomp]\n":             true,
		"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.seccomp.options]\n":      true,
		"[plugins.'io.containerd.cri.v1.runtime'.containerd]\nruntimes.seccomp.x = 1\n":      true,
		"[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.seccomp2]\n":            false,
		"[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\nseccomp = 'x'\n": false,
	} {
		if got := Defines([]byte(text), v); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// An import that was added to any text is read, and Without removes it.
func FuzzWithImport(f *testing.F) {
	f.Add([]byte("version = 3\nimports = [\n 'a', # b\n]\n[c]\nd = [1, [2]]\r\n"))
	f.Add([]byte("imports = []"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before, err := Imports(text)
		if err != nil || slices.Contains(before, file) || bytes.Contains(text, []byte(Mark)) || !unique(text) {
			t.Skip()
		}
		got, err := WithImport(text, file)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Imports(got)
		if err != nil || !slices.Equal(after, append([]string{file}, before...)) {
			t.Fatalf("%q imports %q, %v", got, after, err)
		}
		if back := Without(got, file); strings.TrimRight(string(back), "\r\n") != strings.TrimRight(string(text), "\r\n") {
			t.Fatalf("%q is then %q", text, back)
		}
	})
}

// unique reports whether a text says imports at most once, and as an array: the parser
// takes what containerd refuses.
func unique(text []byte) bool {
	d, err := parse(text)
	if err != nil {
		return false
	}
	count := 0
	for _, e := range d.entries {
		if len(e.key) > 0 && e.key[0] == "imports" {
			count++
			if d.text[e.value.start] != '[' {
				return false
			}
		}
	}
	return count < 2
}
