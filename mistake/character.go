package mistake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// wrongCharacter names the character that JSON cannot have at its place, with advice.
func wrongCharacter(data []byte, err *json.SyntaxError) string {
	at := int(err.Offset) - 1
	if at < 0 || at >= len(data) {
		return fmt.Sprintf("%v at %s", err, Place(data, err.Offset))
	}
	character, _ := utf8.DecodeRune(data[at:])
	if character >= utf8.RuneSelf {
		return fmt.Sprintf("%U at %s is no character of JSON's: %s", character, Place(data, err.Offset), instead(character))
	}
	reason := fmt.Sprintf("%v at %s", err, Place(data, err.Offset))
	if advice := adviceOn(data, at, err.Error()); advice != "" {
		reason += ": " + advice
	}
	return reason
}

// instead returns advice about a character that web pages and word processors put in place
// of a plain one.
func instead(character rune) string {
	switch {
	case unicode.In(character, unicode.Pi, unicode.Pf) || character == '„' || character == '‚':
		return `it is a typographic quote, write the plain "`
	case unicode.IsSpace(character) || unicode.Is(unicode.Cf, character):
		return "it looks like a space or like nothing, delete it"
	}
	return "delete it, or put the word that it belongs to in double quotes"
}

// adviceOn returns advice about the character at an offset, or "". said is the message of
// encoding/json.
func adviceOn(data []byte, at int, said string) string {
	before := bytes.TrimRight(data[:at], " \t\r\n")
	switch c := data[at]; {
	case c == '/' || c == '#':
		return "JSON has no comments, delete it"
	case (c == '}' || c == ']') && bytes.HasSuffix(before, []byte(",")):
		return "delete the comma before it"
	case c == '\'':
		return "JSON's strings and keys stand in double quotes"
	case strings.Contains(said, "object key string"):
		return "a key stands in double quotes"
	case at > 0 && data[at-1] == '0' && (c|0x20 == 'x' || c|0x20 == 'o' || c >= '0' && c <= '9'):
		return decimal(data[at-1:])
	case strings.Contains(said, "string literal"):
		return "a string ends on the line on which it begins"
	case strings.Contains(said, "after array element"), strings.Contains(said, "after object key:value pair"):
		return "a comma is missing before it, or a quote or bracket"
	}
	return ""
}

// decimal returns advice about a number that is not decimal, at the start of text.
func decimal(text []byte) string {
	end := bytes.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(text)
	}
	if n, err := strconv.ParseUint(string(text[:end]), 0, 64); err == nil {
		return fmt.Sprintf("JSON has only decimal numbers, write %d for %s", n, Shorten(string(text[:end])))
	}
	return "JSON has only decimal numbers"
}
