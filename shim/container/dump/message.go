package dump

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// form lists the fields of a message that decode reads. It skips the others.
type form map[protowire.Number]shape

// shape is how a field is encoded, and how often it may occur.
type shape struct {
	kind  protowire.Type
	count count
}

// The kinds of fields that are read: uint32 or an enum, and bytes or a message.
const (
	numberField = protowire.VarintType
	bytesField  = protowire.BytesType
)

type count int

const (
	optional count = iota
	required
	many
)

// message has the values of the listed fields, in their order in the image.
type message map[protowire.Number][]value

type value struct {
	number uint32
	bytes  []byte
}

func (m message) has(field protowire.Number) bool { return len(m[field]) > 0 }

// number returns the value of a field that occurs at most once, or 0 if it is missing.
func (m message) number(field protowire.Number) uint32 {
	if !m.has(field) {
		return 0
	}
	return m[field][0].number
}

// decode reads a message. It refuses each encoding of a listed field that another reader may
// take for another value: a field that occurs twice, a number that is too large for its
// type, and a wire type that is not the field's.
func decode(raw []byte, f form) (message, error) {
	m := message{}
	for len(raw) > 0 {
		field, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		raw = raw[n:]
		want, listed := f[field]
		if kind == protowire.StartGroupType || kind == protowire.EndGroupType || listed && kind != want.kind {
			return nil, fmt.Errorf("field %d has the wire type %d", field, kind)
		}
		v, n, err := consume(field, kind, raw)
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", field, err)
		}
		raw = raw[n:]
		if !listed {
			continue
		}
		if want.count != many && m.has(field) {
			return nil, fmt.Errorf("field %d is there twice", field)
		}
		if v.number > math.MaxUint32 {
			return nil, fmt.Errorf("field %d is %d, which is no 32-bit number", field, v.number)
		}
		m[field] = append(m[field], value{uint32(v.number), v.bytes})
	}
	for _, field := range slices.Sorted(maps.Keys(f)) {
		if f[field].count == required && !m.has(field) {
			return nil, fmt.Errorf("field %d is missing", field)
		}
	}
	return m, nil
}

// wide is a value before its number is known to fit into 32 bits.
type wide struct {
	number uint64
	bytes  []byte
}

// consume returns the value of a field, if it is of a kind that form can list, and the
// length of the encoded value.
func consume(field protowire.Number, kind protowire.Type, raw []byte) (v wide, n int, err error) {
	switch kind {
	case numberField:
		v.number, n = protowire.ConsumeVarint(raw)
	case bytesField:
		v.bytes, n = protowire.ConsumeBytes(raw)
	default:
		n = protowire.ConsumeFieldValue(field, kind, raw)
	}
	if n < 0 {
		return wide{}, 0, protowire.ParseError(n)
	}
	return v, n, nil
}
