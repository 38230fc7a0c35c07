package layout

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// namesTest finds names of tests in pages. notOurs are those of other projects.
var (
	namesTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")
	notOurs   = map[string]bool{"TestTransferImport": true} // of containerd's client suite
	isTest    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)\(`)
)

// A page that names a test as its evidence names one that exists.
func TestPagesNameRealTests(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("needs the repository: ", err)
	}
	tests, named := map[string]bool{}, 0
	var pages []string
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		switch {
		case strings.HasSuffix(name, ".md"):
			pages = append(pages, name)
		case strings.HasSuffix(name, "_test.go"):
			text, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) { // removed and not committed yet
				t.Fatal(err)
			}
			for _, found := range isTest.FindAllSubmatch(text, -1) {
				tests[string(found[1])] = true
			}
		}
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, found := range namesTest.FindAllSubmatch(text, -1) {
			named++
			if name := string(found[1]); !tests[name] && !notOurs[name] {
				t.Errorf("%s names %s, which does not exist", page, name)
			}
		}
	}
	if named < 50 || len(tests) < 500 {
		t.Errorf("there are more than %d names and %d tests", named, len(tests))
	}
}
