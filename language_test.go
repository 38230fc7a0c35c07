package layout

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// riddles are words and turns that make a reader stop: old, foreign, or without the
// noun that they stand for. Comments, messages and pages do without them.
var riddles = regexp.MustCompile(`(?i)\b(lest|anew|whoever|whatever|whichever|wherein|whereof|thereof|therein|hence|henceforth|` +
	`of which|of whom|such that|be it|stands? for (?:itself|themselves)|tells? of|told of|for ever|gives? up|gave up|has to do with|have to do with|` +
	`as it were|a time to come|begin anew|stands twice)\b`)

// written are the files whose words are read.
var written = []string{"*.go", "*.md", "*.c", "*.yaml", "*.toml", "Makefile", "Vagrantfile", "*Dockerfile", ".ci/*",
	"integration/vm/*", "integration/node/*", "integration/pages/machine", "integration/kubernetes/build", "deploy/packages/*"}

// TestPlainEnglish is about comments and messages. What a test gives as input, such
// as a profile's wrong words, is not written for readers: nothing there matches.
func TestPlainEnglish(t *testing.T) {
	out, err := exec.Command("git", append([]string{"ls-files", "-z", "--"}, written...)...).Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		if name == "language_test.go" || filepath.Base(name) == "LICENSE" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range readRiddles(text) {
			t.Errorf("%s:%s", name, found)
		}
	}
}

// readRiddles returns the places of a text, as LINE: WORD. A turn may be broken by the
// end of a line, and by the marks of a comment.
func readRiddles(text []byte) []string {
	joined := regexp.MustCompile(`\n[ \t]*(?://|#|\*)?[ \t]*`).ReplaceAllFunc(text, func(gap []byte) []byte {
		return append([]byte{' '}, bytes.Repeat([]byte{0}, len(gap)-1)...)
	})
	flat := bytes.ReplaceAll(joined, []byte{0}, nil)
	offsets := make([]int, 0, len(flat)) // of the bytes of flat in text
	for i, b := range joined {
		if b != 0 {
			offsets = append(offsets, i)
		}
	}
	var places []string
	for _, at := range riddles.FindAllIndex(flat, -1) {
		line := 1 + bytes.Count(text[:offsets[at[0]]], []byte("\n"))
		places = append(places, fmt.Sprintf("%d: %q", line, flat[at[0]:at[1]]))
	}
	return places
}

func TestReadRiddles(t *testing.T) {
	text := "// A word that is\n// such\n// that it matches; lestrange does not.\n\tcode()\n# Whoever\n"
	want := `[2: "such that" 5: "Whoever"]`
	if got := fmt.Sprint(readRiddles([]byte(text))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
