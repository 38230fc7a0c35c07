// Package dump reads from a checkpoint by CRIU under which seccomp filters the
// processes in it run. CRIU loads them again on restore; nobody else does, so
// they are what the restored processes will run under.
//
// An image is a file of little-endian 32-bit words and protobuf messages: two
// marks, then messages each behind its length (criu.org/Images). core-<tid>.img
// has a thread, seccomp.img the filters of all of them.
package dump

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protowire"
)

// Thread is a thread of the checkpoint.
type Thread struct {
	Image   string   // the file's name
	Filters []Filter // from the last loaded to the first
}

// Filter is a filter as it was loaded.
type Filter struct {
	Program []byte // array of struct sock_filter
	Flags   uint32 // SECCOMP_FILTER_FLAG_*, as far as the kernel tells them
}

// The second mark of a file (criu/include/magic.h).
const (
	markCommon  = 0x54564319
	markCore    = 0x55053847
	markSeccomp = 0x64413049
)

// Threads returns the living threads of the checkpoint in the folder.
func Threads(folder string) ([]Thread, error) {
	files, err := filepath.Glob(filepath.Join(folder, "core-*.img"))
	if err != nil {
		return nil, err
	}
	all, err := readFilters(filepath.Join(folder, "seccomp.img"))
	if err != nil {
		return nil, err
	}
	var threads []Thread
	for _, file := range files {
		c, err := readCore(file)
		if err != nil {
			return nil, err
		}
		if !c.alive {
			continue
		}
		t := Thread{Image: filepath.Base(file)}
		if t.Filters, err = all.of(c); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		threads = append(threads, t)
	}
	if len(threads) == 0 {
		return nil, fmt.Errorf("%s: no checkpoint: there is no thread in it", folder)
	}
	return threads, nil
}

// message reads the one message of an image.
func message(file string, mark uint32) ([]byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	const header = 12
	if len(raw) < header || binary.LittleEndian.Uint32(raw) != markCommon || binary.LittleEndian.Uint32(raw[4:]) != mark {
		return nil, fmt.Errorf("%s: not an image by CRIU of its kind", file)
	}
	body := raw[header:]
	if size := binary.LittleEndian.Uint32(raw[8:]); int(size) != len(body) {
		return nil, fmt.Errorf("%s: %d bytes where one message of %d is expected", file, len(body), size)
	}
	return body, nil
}

// fields calls f with each field of a message: number for varints, bytes for what
// has a length. Others are of no interest here.
func fields(m []byte, f func(field protowire.Number, number uint64, bytes []byte) error) error {
	for len(m) > 0 {
		field, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		var number uint64
		var text []byte
		switch kind {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(m)
		case protowire.BytesType:
			text, n = protowire.ConsumeBytes(m)
		default:
			n = protowire.ConsumeFieldValue(field, kind, m)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		m = m[n:]
		if err := f(field, number, text); err != nil {
			return err
		}
	}
	return nil
}

// core is what a thread's image says: images/core.proto.
type core struct {
	alive    bool
	filtered bool
	last     uint32 // the filter that was loaded last
}

func readCore(file string) (core, error) {
	const (
		fieldTask, fieldThread = 3, 5
		fieldState             = 1 // of a task
		fieldMode, fieldFilter = 11, 12
		stateDead, stateZombie = 2, 6
		modeFilter             = 2 // SECCOMP_MODE_FILTER
	)
	c := core{alive: true}
	body, err := message(file, markCore)
	if err != nil {
		return c, err
	}
	err = fields(body, func(field protowire.Number, _ uint64, text []byte) error {
		switch field {
		case fieldTask:
			return fields(text, func(field protowire.Number, number uint64, _ []byte) error {
				if field == fieldState && (number == stateDead || number == stateZombie) {
					c.alive = false
				}
				return nil
			})
		case fieldThread:
			return fields(text, func(field protowire.Number, number uint64, _ []byte) error {
				switch field {
				case fieldMode:
					c.filtered = number == modeFilter
				case fieldFilter:
					c.last = uint32(number)
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// chain is all filters; each knows the one that was loaded before it.
type chain []link

type link struct {
	Filter
	before int // -1 for none
}

// readFilters reads seccomp.img, which is there only if a thread has a filter.
func readFilters(file string) (chain, error) {
	body, err := message(file, markSeccomp)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all chain
	err = fields(body, func(field protowire.Number, _ uint64, text []byte) error {
		if field != 1 {
			return nil
		}
		l := link{before: -1}
		err := fields(text, func(field protowire.Number, number uint64, text []byte) error {
			switch field {
			case 1:
				l.Program = text
			case 2:
				l.before = int(uint32(number))
			case 3:
				l.Flags = uint32(number)
			}
			return nil
		})
		all = append(all, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return all, nil
}

// of returns the filters that apply to a thread.
func (all chain) of(c core) ([]Filter, error) {
	if !c.filtered {
		return nil, nil
	}
	var filters []Filter
	for at := int(c.last); at != -1; at = all[at].before {
		if at >= len(all) || len(filters) > len(all) {
			return nil, errors.New("filter that is not in seccomp.img")
		}
		filters = append(filters, all[at].Filter)
	}
	return filters, nil
}
