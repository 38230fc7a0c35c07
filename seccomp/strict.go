package seccomp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// fields are the keys that a profile file may have, at any level.
var fields = []string{
	"defaultAction", "defaultErrnoRet", "architectures", "flags", "listenerPath", "listenerMetadata", "syscalls",
	"names", "action", "errnoRet", "args",
	"index", "value", "valueTwo", "op",
	"comment", "includes", "excludes",
}

// checkKeys refuses what encoding/json passes over in a document that it has
// decoded: keys that differ from ours in letter case, and keys that stand twice
// in one object, where a second list of syscalls would be decoded on top of the
// first and leave a mixture of both that nobody wrote.
func checkKeys(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	var seen []string
	for dec.More() {
		if open == '{' {
			if seen, err = checkKey(dec, seen); err != nil {
				return err
			}
		}
		if err := checkKeys(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token() // the closing delimiter
	return err
}

func checkKey(dec *json.Decoder, seen []string) ([]string, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	key := token.(string) // a JSON object's key always is
	switch {
	case !slices.Contains(fields, key):
		return nil, &InvalidError{Reason: fmt.Sprintf("unknown field %s", quote(key))}
	case slices.Contains(seen, key):
		return nil, &InvalidError{Reason: fmt.Sprintf("field %s stands twice, again at byte %d", quote(key), dec.InputOffset())}
	}
	return append(seen, key), nil
}

// malformed says where a document stops being a profile, in words that are not
// about Go, and short whatever the document holds.
func malformed(data []byte, err error) *InvalidError {
	var syntax *json.SyntaxError
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &InvalidError{Reason: fmt.Sprintf("the JSON text ends too early, at byte %d", len(data))}
	case errors.As(err, &syntax):
		return &InvalidError{Reason: fmt.Sprintf("%v at byte %d", err, syntax.Offset)}
	case errors.As(err, &wrongType):
		reason := fmt.Sprintf("a JSON %s is not what belongs here, before byte %d", shorten(wrongType.Value), wrongType.Offset)
		return &InvalidError{Field: wrongType.Field, Value: shorten(wrongType.Value), Reason: reason}
	}
	return &InvalidError{Reason: shorten(err.Error())}
}
