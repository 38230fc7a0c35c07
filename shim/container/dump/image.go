package dump

import (
	"encoding/binary"
	"fmt"
	"io/fs"
)

// The magic numbers of the files (criu/include/magic.h).
const (
	markCommon  = 0x54564319
	markTree    = 0x50273030
	markCore    = 0x55053847
	markSeccomp = 0x64413049
)

// maxSize is the largest image that is read. Images by CRIU have some KiB; the largest hold
// a few thousand filters of 32 KiB.
const maxSize = 256 << 20

// readMessage reads an image that has one message.
func readMessage(images fs.FS, name string, mark uint32, f form) (message, error) {
	all, err := readMessages(images, name, mark, f)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("%s: it has %d messages, not one", name, len(all))
	}
	return all[0], nil
}

// readMessages reads all messages of an image.
func readMessages(images fs.FS, name string, mark uint32, f form) ([]message, error) {
	raw, err := readImage(images, name)
	if err != nil {
		return nil, err
	}
	const word = 4
	if len(raw) < 2*word || binary.LittleEndian.Uint32(raw) != markCommon || binary.LittleEndian.Uint32(raw[word:]) != mark {
		return nil, fmt.Errorf("%s: not an image by CRIU of its kind", name)
	}
	var all []message
	for raw = raw[2*word:]; len(raw) > 0; {
		if len(raw) < word {
			return nil, fmt.Errorf("%s: it ends inside of a length", name)
		}
		size := binary.LittleEndian.Uint32(raw)
		raw = raw[word:]
		if uint64(size) > uint64(len(raw)) {
			return nil, fmt.Errorf("%s: message of %d bytes, but %d are left", name, size, len(raw))
		}
		m, err := decode(raw[:size], f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, m)
		raw = raw[size:]
	}
	return all, nil
}

// readImage reads a regular file of a limited size. An open of a FIFO would block.
func readImage(images fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(images, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file but %v", name, info.Mode())
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", name, info.Size(), maxSize)
	}
	return fs.ReadFile(images, name)
}
