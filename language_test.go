package layout

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// riddles are words and phrases that a reader has to decode: they are old, or foreign, or
// take the place of a noun. Comments, messages and pages must not have them.
var riddles = regexp.MustCompile(`(?i)\b(lest|anew|whoever|whatever|whichever|wherein|whereof|thereof|therein|hence|henceforth|` +
	`of which|of whom|such that|be it|stands? for (?:itself|themselves)|tells? of|told of|for ever|gives? up|gave up|has to do with|have to do with|` +
	`as it were|a time to come|begin anew|stands twice)\b`)

// unwritten are the files that are not written by people, or not by those of this project.
var unwritten = regexp.MustCompile(`^(LICENSE|go\.(mod|sum)|language_test\.go|.*/(go\.(mod|sum)|testdata/fuzz/.*))$`)

// TestPlainEnglish reads all text, also the input of tests, which needs none of the words.
func TestPlainEnglish(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("needs the repository: ", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if unwritten.MatchString(name) || err != nil || !info.Mode().IsRegular() {
			continue // a link, or removed and not committed yet
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

// readRiddles returns the riddles of a text, as LINE: WORD. A phrase may continue on the
// next line, after the mark of a comment.
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
