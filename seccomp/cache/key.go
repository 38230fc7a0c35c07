package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// Key names a value. Equal keys must mean equal values.
type Key [sha256.Size]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Hash computes a [Key] from named and typed fields. Lists of fields that differ
// in a name, a type, a value, their order or their number have different keys
// (as far as SHA-256 has no collisions): each part is written behind its length,
// so what was written can be read back in one way only.
//
// crun 1.28 shows what it is for: its key leaves out errnoRet, so a container
// may get the program of another profile.
type Hash struct{ state hash.Hash }

// NewHash begins a key of one domain. Keys of different domains differ; name the
// purpose and the version of the value's format.
func NewHash(domain string) *Hash {
	h := &Hash{sha256.New()}
	h.part([]byte(domain))
	return h
}

// The types of a field.
const (
	textField   = 't'
	numberField = 'n'
	listField   = 'l'
)

// Text adds a field of text.
func (h *Hash) Text(name, value string) { h.field(textField, name, []byte(value)) }

// Number adds a field with a number; negative ones as their two's complement.
func (h *Hash) Number(name string, value uint64) { h.field(numberField, name, bigEndian(value)) }

// List says that a list of n elements follows, each a fixed sequence of fields.
// Without it, {a, b} {c} and {a} {b, c} would be the same fields. A value that
// may be absent is a list of none or one.
func (h *Hash) List(name string, n int) { h.field(listField, name, bigEndian(uint64(n))) }

// Sum returns the key of the fields so far.
func (h *Hash) Sum() Key { return Key(h.state.Sum(nil)) }

func (h *Hash) field(kind byte, name string, value []byte) {
	h.state.Write([]byte{kind}) // hash.Hash: never returns an error
	h.part([]byte(name))
	h.part(value)
}

func (h *Hash) part(b []byte) {
	h.state.Write(bigEndian(uint64(len(b))))
	h.state.Write(b)
}

func bigEndian(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
