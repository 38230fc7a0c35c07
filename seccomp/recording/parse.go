package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"seccomp-shim/mistake"
)

// MaxBytes bounds a recording's JSON text. One with all calls of all ABIs and the most values
// has less.
const MaxBytes = 32 << 20

// Parse reads a recording. The error says what is wrong: the text is cut off, or of another
// format.
func Parse(text []byte) (*Recording, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("no recording: the file is empty")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	var r Recording
	if err := decoder.Decode(&r); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("no recording: the text is cut off")
		}
		return nil, fmt.Errorf("no recording: %s", mistake.JSON(text, err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("no recording: there is more text after its end")
	}
	switch {
	case r.Format == 0:
		return nil, errors.New(`no recording: it has no "format"` + profileAdvice(text))
	case r.Format != Format:
		return nil, fmt.Errorf("format %d, this program knows %d: use the one of the shim's version", r.Format, Format)
	}
	return &r, r.check()
}

func profileAdvice(text []byte) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(text, &fields) == nil && fields["defaultAction"] != nil {
		return ": this is a profile"
	}
	return ""
}

// isWord reports whether a text is a name of letters, digits and underscores, so that it can
// be written into any format.
func isWord(text string, first, last byte) bool {
	for i := range len(text) {
		if c := text[i]; (c < first || c > last) && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return text != ""
}

// check compares the parts of a recording that depend on each other.
func (r *Recording) check() error {
	if !isWord(string(r.Architecture), 'A', 'Z') {
		return fmt.Errorf("architecture: %s is no name of an architecture", mistake.Quote(string(r.Architecture)))
	}
	for i, c := range r.Calls {
		where := fmt.Sprintf("calls[%d]", i)
		switch {
		case c == nil || !isWord(string(c.ABI), 'A', 'Z'):
			return fmt.Errorf("%s.abi: must be the name of an architecture", where)
		case c.Syscall != "" && !isWord(c.Syscall, 'a', 'z'):
			return fmt.Errorf("%s.syscall: %s is no name of a syscall", where, mistake.Quote(c.Syscall))
		case len(c.Arguments) > MostArguments:
			return fmt.Errorf("%s.arguments: %d are more than %d", where, len(c.Arguments), MostArguments)
		}
		for j, a := range c.Arguments {
			if a.Index > 5 || a.Bits != 32 && a.Bits != 64 {
				return fmt.Errorf("%s.arguments[%d]: index %d with %d bits is no argument of a syscall", where, j, a.Index, a.Bits)
			}
		}
		for j, v := range c.Values {
			if v == nil || len(v.Args) != len(c.Arguments) {
				return fmt.Errorf("%s.values[%d].args: must have one value for each of arguments", where, j)
			}
		}
	}
	return nil
}
