package mistake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// JSON returns where and why data is not the JSON that was expected, and what to change.
// err is the error of encoding/json.
func JSON(data []byte, err error) string {
	if reason := Encoding(data); reason != "" {
		return reason
	}
	if reason := otherFormat(data); reason != "" {
		return reason
	}
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return wrongType(wrong)
	case !errors.As(err, &syntax) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return Shorten(err.Error())
	case len(bytes.TrimSpace(data)) == 0:
		return fmt.Sprintf("the text is empty: it ends at byte %d", len(data))
	case syntax == nil, syntax.Offset >= int64(len(data)) && strings.HasPrefix(syntax.Error(), "unexpected end"):
		return fmt.Sprintf("the JSON text ends too early, at %s: a closing brace, bracket or quote is missing", Place(data, int64(len(data))))
	}
	return wrongCharacter(data, syntax)
}

// Place names a byte of data, counted from 1 as encoding/json does, and its line if data
// has several.
func Place(data []byte, offset int64) string {
	place := fmt.Sprintf("byte %d", offset)
	if bytes.ContainsRune(bytes.TrimSpace(data), '\n') {
		place += fmt.Sprintf(", line %d", 1+bytes.Count(data[:min(max(offset-1, 0), int64(len(data)))], []byte("\n")))
	}
	return place
}

// Shorten cuts a long text and adds its length. Messages must stay short also if they
// repeat their input.
func Shorten(text string) string {
	const longestText = 192
	if len(text) <= longestText {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:longestText], ""), len(text))
}

func wrongType(wrong *json.UnmarshalTypeError) string {
	reason := fmt.Sprintf("a JSON %s stands where %s belongs, before byte %d", Shorten(wrong.Value), inWords(wrong.Type), wrong.Offset)
	if wrong.Field != "" {
		return wrong.Field + ": " + reason
	}
	return reason
}

// inWords names the JSON value that a Go type is decoded from.
func inWords(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint8:
		return "a whole number from 0 to 255"
	case reflect.Uint16:
		return "a whole number from 0 to 65535"
	case reflect.Uint32:
		return "a whole number from 0 to 4294967295"
	case reflect.Uint, reflect.Uint64:
		return "a whole number that is not negative"
	}
	return "a whole number"
}
