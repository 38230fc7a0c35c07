package mistake

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Shown returns a text for a message: unchanged, or with quotes and escapes if a character
// is not printable. It is for texts that an image or a pod chooses, such as paths: control
// characters can forge lines of a log and control a terminal, and marks of direction can
// make a name look like another.
func Shown(text string) string {
	if isPlain(text) {
		return text
	}
	return strconv.Quote(text)
}

// Line returns a message as one line without control characters: it joins lines by
// semicolons and escapes characters that are not printable. It is for whole messages that
// contain messages of other projects.
func Line(message string) string {
	if isPlain(message) {
		return message
	}
	var lines []string
	for line := range strings.Lines(message) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, escape(line))
		}
	}
	return strings.Join(lines, "; ")
}

func isPlain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) < 0
}

// escape replaces characters that are not printable by the escapes of strconv.Quote.
func escape(line string) string {
	var b strings.Builder
	for i := 0; i < len(line); {
		_, size := utf8.DecodeRuneInString(line[i:])
		if piece := line[i : i+size]; isPlain(piece) {
			b.WriteString(piece)
		} else {
			quoted := strconv.Quote(piece)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}
