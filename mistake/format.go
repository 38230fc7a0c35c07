package mistake

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Encoding returns why data is not plain UTF-8, with advice, or "". JSON must be UTF-8
// (RFC 8259, section 8.1). encoding/json replaces other bytes in strings, and would read
// another name or path than the one that was written.
func Encoding(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return "the text begins with a byte order mark (EF BB BF): save it as UTF-8 without one"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")),
		len(data) > 1 && (data[0] == 0) != (data[1] == 0):
		return "the text is UTF-16, as some editors and shells write it: save it as UTF-8"
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Sprintf("%s (%02X) is not UTF-8: save the text as UTF-8", Place(data, int64(i+1)), data[i])
		}
		i += size
	}
	return ""
}

// otherFormat names the format of a text that is not JSON, with advice, or returns "".
func otherFormat(data []byte) string {
	switch text := bytes.TrimSpace(data); {
	case isYAML(string(data)):
		return "the text is YAML: convert it to JSON, for example with yq -o json"
	case bytes.HasPrefix(text, []byte("```")):
		return "the text begins with ```, as code does on a page in Markdown: leave only the lines between"
	case bytes.HasPrefix(text, []byte("<")):
		return "the text is HTML or XML: a page that shows JSON is not the file itself, download that"
	}
	return ""
}

// isYAML reports whether the first line that is neither empty nor a comment is YAML.
func isYAML(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		key, value, found := strings.Cut(line, ":")
		isKey := key != "" && !unicode.IsDigit(rune(key[0])) &&
			strings.IndexFunc(key, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) < 0
		return line == "---" || strings.HasPrefix(line, "%YAML") || strings.HasPrefix(line, "- ") ||
			found && isKey && (value == "" || value[0] == ' ')
	}
	return false
}
