package pages

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inGo    = regexp.MustCompile(`\b(docs/[a-z-]+\.md)(#[a-z0-9-]+)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// anchors returns the anchors of a page's headings, as forges make them.
func anchors(text string) (all []string) {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		kept := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, found[1])
		all = append(all, "#"+kept)
	}
	return all
}

// mustLead checks that a link's file exists, and that it has the heading.
func mustLead(t *testing.T, from, file, anchor string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Errorf("%s: %v", from, err)
		return
	}
	if anchor == "" || info.IsDir() {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil || !slices.Contains(anchors(string(text)), anchor) {
		t.Errorf("%s: %s has no heading %s (%v)", from, file, anchor, err)
	}
}

// Links between pages, and from Go comments to headings of pages, lead somewhere.
func TestLinks(t *testing.T) {
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "*.md", "*.go").Output()
	if err != nil {
		t.Skip("needs the repository: ", err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(name) == ".go" {
			for _, found := range inGo.FindAllStringSubmatch(string(text), -1) {
				mustLead(t, name, filepath.Join(root, found[1]), found[2])
			}
			continue
		}
		for _, found := range link.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(found[1], "#")
			file := filepath.Join(root, name)
			if path != "" {
				file = filepath.Join(filepath.Dir(file), path)
			}
			if anchor != "" {
				anchor = "#" + anchor
			}
			mustLead(t, name, file, anchor)
		}
	}
}
