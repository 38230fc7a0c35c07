package seccomp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"seccomp-shim/mistake"
)

// checkSyntax returns the only JSON value in data.
func checkSyntax(data []byte) (json.RawMessage, error) {
	if reason := mistake.Encoding(data); reason != "" {
		return nil, &InvalidError{Reason: reason}
	}
	var whole json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&whole); err != nil {
		if reason := reference(string(data)); reason != "" {
			return nil, &InvalidError{Reason: reason}
		}
		return nil, &InvalidError{Reason: mistake.JSON(data, err)}
	}
	end := dec.InputOffset()
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		reason := "more data after the profile's end at " + mistake.Place(data, end)
		if bytes.HasPrefix(bytes.TrimSpace(data[end:]), []byte(":")) {
			reason += ": the braces around the whole are missing"
		}
		return nil, &InvalidError{Reason: reason}
	}
	return whole, nil
}

// A reader compares a JSON text with a form. It refuses what encoding/json accepts: fields
// that are unknown or differ in letter case; absent numbers, which encoding/json reads as
// 0; and a field that an object has twice, because encoding/json decodes a second list of
// syscalls into the entries of the first, and the result is a mixture of both.
type reader struct {
	data []byte
	*json.Decoder
}

func checkForm(data []byte, f *form) error {
	r := reader{data, json.NewDecoder(bytes.NewReader(data))}
	r.UseNumber()
	_, err := r.value("", f)
	return err
}

// value reads the value of the field at. It reports whether the field is set: null counts
// as absent.
func (r reader) value(at string, f *form) (set bool, err error) {
	if f.jsonType == dockerConditions {
		return true, r.conditions(at)
	}
	token, err := r.Token()
	if err != nil {
		return false, err
	}
	var is jsonType
	shown := fmt.Sprint(token)
	switch v := token.(type) {
	case nil:
		return false, nil
	case json.Delim:
		is, shown = jsonList, "[...]"
		if v == '{' {
			is, shown = jsonObject, "{...}"
		}
		if is == f.jsonType {
			return true, r.inside(at, f)
		}
	case json.Number:
		is = jsonNumber
		if is == f.jsonType {
			return true, r.number(at, string(v))
		}
	case string:
		is, shown = jsonString, mistake.Quote(v)
	case bool:
		is = jsonBoolean
	}
	advice := ""
	switch {
	case is == f.jsonType:
		return true, nil
	case f.jsonType == jsonList && f.entries.jsonType == is:
		advice = "put it in brackets, [ ]"
	case f.jsonType == jsonNumber && is == jsonString:
		advice = unquoted(at, token.(string))
	}
	return true, r.refuse(at, shown, fmt.Sprintf("must be %s, not %s", f.jsonType, is), advice)
}

// inside reads a list or an object after its opening delimiter.
func (r reader) inside(at string, f *form) error {
	var seen, set []string
	for i := 0; r.More(); i++ {
		entry, below, name := fmt.Sprintf("%s[%d]", at, i), f.entries, ""
		if f.jsonType == jsonObject {
			var err error
			if name, err = r.name(at, f, seen); err != nil {
				return err
			}
			seen = append(seen, name)
			entry, below = join(at, name), f.field(name)
		}
		isSet, err := r.value(entry, below)
		if err != nil {
			return err
		}
		if isSet {
			set = append(set, name)
		}
	}
	for _, name := range f.required {
		if !slices.Contains(set, name) {
			return mustBeSet(join(at, name))
		}
	}
	_, err := r.Token() // the closing delimiter
	return err
}

func (r reader) name(at string, f *form, seen []string) (string, error) {
	token, err := r.Token()
	if err != nil {
		return "", err
	}
	name := token.(string) // a key of a JSON object is a string
	switch {
	case f.field(name) == nil:
		return "", unknownField(at, name, f)
	case slices.Contains(seen, name):
		return "", &InvalidError{Field: at, Reason: fmt.Sprintf("field %s stands twice, again at byte %d", mistake.Quote(name), r.InputOffset())}
	}
	return name, nil
}

// conditions refuses a rule that counts only under Docker's conditions. Empty conditions
// always hold.
func (r reader) conditions(at string) error {
	var written json.RawMessage
	if err := r.Decode(&written); err != nil {
		return err
	}
	var c map[string]json.RawMessage
	if err := json.Unmarshal(written, &c); err != nil || len(c) > 0 {
		return &InvalidError{Field: at, Value: mistake.Shown(mistake.Shorten(string(written))), Reason: "conditions of Docker's profile format " +
			"are not part of an OCI profile: leave out the conditions where they hold, and the rule where they do not"}
	}
	return nil
}

// number accepts the numbers that encoding/json decodes into a uint64.
func (r reader) number(at, written string) error {
	if _, err := strconv.ParseUint(written, 10, 64); err == nil {
		return nil
	}
	advice := ""
	if n, err := strconv.ParseInt(written, 10, 64); err == nil && strings.Contains(at, "value") {
		advice = fmt.Sprintf("the 64 bits of %d are %d", n, uint64(n))
	}
	return r.refuse(at, written, "must be a whole number from 0 to 18446744073709551615", advice)
}

// unquoted returns advice about a string in place of a number.
func unquoted(at, written string) string {
	if n, err := strconv.ParseUint(written, 0, 64); err == nil {
		return fmt.Sprintf("write %d, without quotes", n)
	}
	if strings.HasSuffix(at, "rrnoRet") {
		return "write that of the error, such as 1 for EPERM"
	}
	return ""
}

// refuse returns the error for the value that was read last. The advice may be empty.
func (r reader) refuse(at, shown, belongs, advice string) error {
	reason := fmt.Sprintf("%s, before %s", belongs, mistake.Place(r.data, r.InputOffset()))
	if advice != "" {
		reason += ": " + advice
	}
	return &InvalidError{Field: at, Value: mistake.Shorten(shown), Reason: reason}
}

func mustBeSet(field string) *InvalidError {
	return &InvalidError{Field: field, Reason: "must be set"}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
