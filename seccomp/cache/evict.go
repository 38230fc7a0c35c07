package cache

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// tempLifetime is when a temporary file's writer must have been killed: writing
// takes milliseconds. One that was only stopped fails at its rename.
const tempLifetime = time.Minute

// entry is a file of the cache, for eviction.
type entry struct {
	name string
	size int64
	used time.Time
}

// evict removes the files of killed writers, then the least recently used
// entries until the rest is within the limit.
//
// It runs after the write, so the last of several processes that put at the same
// time sees what all have written. Two that evict at once choose the same files;
// the one that comes second finds them gone, which counts as removed.
func (d *Disk) evict() error {
	entries, errs := d.list()
	var bytes int64
	for _, e := range entries {
		bytes += e.size
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.name, b.name))
	})
	count := len(entries)
	for _, e := range entries {
		if count <= d.limit.Entries && bytes <= d.limit.Bytes {
			break
		}
		if err := d.dir.remove(e.name); err != nil {
			errs = append(errs, err)
			continue
		}
		count--
		bytes -= e.size
	}
	return errors.Join(errs...)
}

// list returns the entries of the directory and sweeps it of temporary files.
func (d *Disk) list() (entries []entry, errs []error) {
	names, err := d.dir.names()
	if err != nil {
		errs = append(errs, err)
	}
	for _, name := range names {
		if !isEntry(name) && !isTemp(name) {
			continue
		}
		st, err := d.dir.stat(name)
		if errors.Is(err, unix.ENOENT) {
			continue // renamed or removed meanwhile
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		e := entry{name, st.Size, time.Unix(st.Mtim.Unix())}
		age := time.Since(e.used)
		switch {
		case isEntry(name):
			// mtime in the future: the clock was set back. With this time the
			// entry would outlive all others.
			if age < -touchEvery {
				e.used = time.Time{}
			}
			entries = append(entries, e)
		case age > tempLifetime || age < -tempLifetime:
			if err := d.dir.remove(name); err != nil {
				errs = append(errs, err)
			}
		}
	}
	return entries, errs
}
