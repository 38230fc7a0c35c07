package config

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2/unstable"
)

// span is a range of bytes in a text.
type span struct{ start, end int }

// element is a string in an array.
type element struct {
	span
	value string
}

// entry is one `key = value`, in the table of the last header before it.
type entry struct {
	key      []string // with the table's
	top      bool     // above the first table
	line     span     // with the line's end, and all lines of a value on many
	value    span
	elements []element // of an array, those that are strings
}

// header is a [table].
type header struct {
	key  []string
	line span
}

// document is a text and where its expressions are.
type document struct {
	text    []byte
	entries []entry
	headers []header
}

// parse finds the expressions of a TOML text.
func parse(text []byte) (*document, error) {
	d := &document{text: text}
	p := unstable.Parser{}
	p.Reset(text)
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		key, keySpan := keyOf(e)
		if e.Kind != unstable.KeyValue {
			table = key
			d.headers = append(d.headers, header{key, d.lines(keySpan)})
			continue
		}
		whole := span{int(e.Raw.Offset), int(e.Raw.Offset + e.Raw.Length)}
		equals := keySpan.end + bytes.IndexByte(text[keySpan.end:], '=')
		value := text[equals+1 : whole.end]
		found := entry{
			key: slices.Concat(table, key), top: len(d.headers) == 0, line: d.lines(whole),
			value: span{whole.end - len(bytes.TrimLeft(value, " \t")), whole.end},
		}
		if array := e.Value(); array.Kind == unstable.Array {
			for it := array.Children(); it.Next(); {
				if n := it.Node(); n.Kind == unstable.String {
					at := int(n.Raw.Offset)
					found.elements = append(found.elements, element{span{at, at + int(n.Raw.Length)}, string(n.Data)})
				}
			}
		}
		d.entries = append(d.entries, found)
	}
	if err := p.Error(); err != nil {
		return nil, fmt.Errorf("not TOML: %w", err)
	}
	return d, nil
}

// keyOf returns the parts of an expression's key, and where they are.
func keyOf(e *unstable.Node) ([]string, span) {
	var key []string
	where := span{start: -1}
	for it := e.Key(); it.Next(); {
		n := it.Node()
		key = append(key, string(n.Data))
		if where.start < 0 {
			where.start = int(n.Raw.Offset)
		}
		where.end = int(n.Raw.Offset + n.Raw.Length)
	}
	return key, where
}

// lines widens a span to whole lines.
func (d *document) lines(s span) span {
	s.start = bytes.LastIndexByte(d.text[:s.start], '\n') + 1
	if end := bytes.IndexByte(d.text[s.end:], '\n'); end >= 0 {
		s.end += end + 1
	} else {
		s.end = len(d.text)
	}
	return s
}

// top returns the entry of a key above the first table, or nil.
func (d *document) top(key string) *entry {
	for i, e := range d.entries {
		if e.top && len(e.key) == 1 && e.key[0] == key {
			return &d.entries[i]
		}
	}
	return nil
}

// format is the version that a file says it has, or 0.
func (d *document) format() int {
	version := d.top("version")
	if version == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(d.text[version.value.start:version.value.end])) // containerd refuses what is no number
	return n
}

// newline is the line end that the text uses.
func (d *document) newline() string {
	if bytes.Contains(d.text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// replace returns the text with other bytes in the place of a span.
func (d *document) replace(s span, with string) []byte {
	return slices.Concat(d.text[:s.start], []byte(with), d.text[s.end:])
}
