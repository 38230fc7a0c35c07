package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// MaxValue is the most bytes of a value. The kernel's longest program has 32 KiB
// (BPF_MAXINSNS times 8).
const MaxValue = 128 << 10

// A cache file is
//
//	8 bytes   magic
//	4 bytes   version of this format
//	32 bytes  key
//	4 bytes   length of the value
//	          value
//	32 bytes  SHA-256 of all before
//
// with numbers in big endian. There is one file for a key and a value, so any
// other bytes are a defect.
const (
	magic      = "SCMPCACH"
	version    = 1
	headerSize = len(magic) + 4 + len(Key{}) + 4
	overhead   = headerSize + sha256.Size
)

// A defect is a property of a cache file for which it is dropped.
type defect string

func (d defect) Error() string { return string(d) }

func encode(key Key, value []byte) []byte {
	file := make([]byte, 0, overhead+len(value))
	file = append(file, magic...)
	file = binary.BigEndian.AppendUint32(file, version)
	file = append(file, key[:]...)
	file = binary.BigEndian.AppendUint32(file, uint32(len(value)))
	file = append(file, value...)
	sum := sha256.Sum256(file)
	return append(file, sum[:]...)
}

// decode returns the value of a file, a part of it, or a defect.
func decode(key Key, file []byte) ([]byte, error) {
	if len(file) < overhead {
		return nil, defect(fmt.Sprintf("has %d bytes, too few", len(file)))
	}
	rest := file
	next := func(n int) []byte {
		part := rest[:n:n]
		rest = rest[n:]
		return part
	}
	if string(next(len(magic))) != magic {
		return nil, defect("is no cache file: another magic")
	}
	if v := binary.BigEndian.Uint32(next(4)); v != version {
		return nil, defect(fmt.Sprintf("has format version %d, not %d", v, version))
	}
	if k := Key(next(len(key))); k != key {
		return nil, defect(fmt.Sprintf("belongs to the key %v", k))
	}
	if n := binary.BigEndian.Uint32(next(4)); uint64(n) != uint64(len(file)-overhead) {
		return nil, defect(fmt.Sprintf("should have %d bytes, has %d", uint64(n)+uint64(overhead), len(file)))
	}
	value := next(len(file) - overhead)
	if sha256.Sum256(file[:len(file)-sha256.Size]) != [sha256.Size]byte(rest) {
		return nil, defect("has another checksum")
	}
	return value, nil
}
