package audit

import (
	"errors"
	"io"

	"seccomp-shim/seccomp/denials"
)

// A Loss says which records are missing.
type Loss struct {
	Dropped    uint64 // by the kernel, because the reader was too slow
	Suppressed uint64 // by the rate limit of the kernel's log
	// Overwritten says that lines of the kernel's log were overwritten before they were read.
	// Nobody counts them.
	Overwritten bool
}

// A Reader reads the records from both sources, each record once.
type Reader struct {
	group *Group // nil if it cannot be joined
	log   *Log   // nil if it cannot be opened, or if the group works
	// Unjoined is why the group cannot be joined, Unopened why the log cannot be opened.
	Unjoined, Unopened error
	dropped            uint64 // what is known already
	gap                bool
}

// followBuffer holds the records that arrive between two calls of Read.
const followBuffer = 16 << 20

// Follow returns a reader of the records from now on.
func Follow() (*Reader, error) {
	r := &Reader{}
	r.group, r.Unjoined = JoinGroup(followBuffer)
	if r.log, r.Unopened = OpenLog(); r.Unopened == nil {
		if err := r.log.SkipPast(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if r.group == nil && r.log == nil {
		return nil, errors.Join(r.Unjoined, r.Unopened)
	}
	return r, nil
}

// Past returns a reader of the records that the kernel's log still has.
func Past() (*Reader, error) {
	log, err := OpenLog()
	if err != nil {
		return nil, err
	}
	return &Reader{log: log}, nil
}

// Read returns the records that have arrived since the last call.
//
// The group gets a record before the log does. So Read empties the log first: if the group
// then has nothing although the log has, the group is that of another network namespace. If
// the group has something, it has all, and the log is not needed any more.
func (r *Reader) Read() ([]denials.Record, Loss, error) {
	var records []denials.Record
	var loss Loss
	var err error
	if r.log != nil {
		if records, loss, err = readAll(r.log.Next); err != nil {
			return nil, Loss{}, err
		}
	}
	if r.group == nil {
		return records, loss, nil
	}
	better, gap, err := readAll(r.group.Next)
	if err != nil {
		return nil, Loss{}, err
	}
	if len(better) == 0 && !gap.Overwritten && !r.gap {
		return records, loss, nil
	}
	if r.log != nil {
		err = r.log.Close()
		r.log = nil
	}
	r.gap = r.gap || gap.Overwritten
	dropped, dropErr := r.newlyDropped()
	return better, Loss{Dropped: dropped}, errors.Join(err, dropErr)
}

// newlyDropped returns how many records the group has lost since the last call.
func (r *Reader) newlyDropped() (uint64, error) {
	if !r.gap { // the usual case
		return 0, nil
	}
	all, err := r.group.Dropped()
	if err != nil {
		return 0, err
	}
	newly := all - r.dropped
	r.dropped = all
	return newly, nil
}

// readAll returns what there is now.
func readAll(next func() (Entry, error)) (records []denials.Record, loss Loss, _ error) {
	for range MostLines {
		entry, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, Loss{}, err
		}
		loss.Suppressed += entry.Suppressed
		loss.Overwritten = loss.Overwritten || entry.Gap
		if entry.Record != nil {
			records = append(records, *entry.Record)
		}
	}
	return records, loss, nil
}

// Close closes the sources.
func (r *Reader) Close() (err error) {
	if r.group != nil {
		err = r.group.Close()
	}
	if r.log != nil {
		err = errors.Join(err, r.log.Close())
	}
	return err
}
