package seccomp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// several matches the entries of a field such as syscalls[0,3-7].
var several = regexp.MustCompile(`\[(\d+)[-,][^\]]*\]`)

// Line returns the line of a profile's JSON text at which a field begins, from 1 on. field is
// that of an [InvalidError] or of a finding; of several entries the first counts. If the text
// lacks the field, the line is that of the nearest field around it.
func Line(text []byte, field string) int {
	field = several.ReplaceAllString(field, "[$1]")
	lines := map[string]int{}
	l := liner{text, json.NewDecoder(bytes.NewReader(text)), lines}
	_ = l.value("") // of a text that is not JSON, what comes before the fault has lines
	for {
		if line, ok := lines[field]; ok {
			return line
		}
		if field == "" {
			return 1
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
}

// Line returns the line of a profile's JSON text that the error is about.
func (e *InvalidError) Line(text []byte) int {
	field := e.Field
	if e.Inside != "" {
		field = join(field, e.Inside)
	}
	return Line(text, field)
}

// A liner notes the line of each field of a JSON text.
type liner struct {
	text []byte
	*json.Decoder
	lines map[string]int
}

// value reads the value of the field at. A field keeps the line of its name, which was noted
// before.
func (l liner) value(at string) error {
	token, err := l.Token()
	if err != nil {
		return err
	}
	l.note(at)
	delim, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	for i := 0; l.More(); i++ {
		entry := fmt.Sprintf("%s[%d]", at, i)
		if delim == '{' {
			name, err := l.Token()
			if err != nil {
				return err
			}
			entry = join(at, fmt.Sprint(name))
			l.note(entry)
		}
		if err := l.value(entry); err != nil {
			return err
		}
	}
	_, err = l.Token()
	return err
}

// note notes the line of the token that was read last: no token has two lines.
func (l liner) note(at string) {
	if _, known := l.lines[at]; !known {
		l.lines[at] = 1 + bytes.Count(l.text[:l.InputOffset()], []byte("\n"))
	}
}
