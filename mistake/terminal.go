package mistake

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Shown returns a text that an image or a pod has chosen, such as a path, as messages
// show it: as it is, or in quotes and with escapes if it holds what is not printable.
// Control characters would forge lines of a log and command a terminal, and marks of
// direction would show another name.
func Shown(text string) string {
	if isPlain(text) {
		return text
	}
	return strconv.Quote(text)
}

// Line returns a message as one line without control characters: lines are joined by
// semicolons, and what is not printable is escaped. It is for the whole of a message
// that others than this project have a part in.
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

// escape writes what is not printable as strconv.Quote does, and leaves the rest.
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
