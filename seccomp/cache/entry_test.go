package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

func TestDecode(t *testing.T) {
	for _, size := range []int{0, 1, 32 << 10, MaxValue} {
		value := sized(size)
		got, err := decode(numbered(1), encode(numbered(1), value))
		if err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
}

func TestDecodeTruncatedOrFlipped(t *testing.T) {
	key := numbered(1)
	file := encode(key, []byte("value"))
	for n := range file {
		if _, err := decode(key, file[:n]); !isDefect(err) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
		for bit := range 8 {
			damaged := bytes.Clone(file)
			damaged[n] ^= 1 << bit
			if _, err := decode(key, damaged); !isDefect(err) {
				t.Errorf("bit %d of byte %d flipped: %v", bit, n, err)
			}
		}
	}
	if _, err := decode(key, append(file, 0)); !isDefect(err) {
		t.Errorf("a byte more: %v", err)
	}
}

func isDefect(err error) bool {
	var d defect
	return errors.As(err, &d)
}

// decode accepts no bytes but those that encode writes.
func FuzzDecode(f *testing.F) {
	key := numbered(1)
	f.Add(encode(key, nil))
	f.Add(encode(key, []byte("value")))
	f.Add(encode(numbered(2), []byte("value")))
	f.Add(binary.BigEndian.AppendUint32(encode(key, nil)[:headerSize-4], 0xffffffff))
	f.Fuzz(func(t *testing.T, file []byte) {
		value, err := decode(key, file)
		if err == nil && !bytes.Equal(file, encode(key, value)) {
			t.Errorf("accepted: %x", file)
		}
	})
}
