package dump

import (
	"errors"
	"fmt"
	"io/fs"
)

// Thread is a living thread of the checkpoint.
type Thread struct {
	Image   string        // name of the thread's image
	Filters []SavedFilter // from the last loaded to the first
}

// SavedFilter is a filter as it was saved.
type SavedFilter struct {
	Program []byte // array of struct sock_filter
	Flags   uint32 // SECCOMP_FILTER_FLAG_*, as far as the kernel shows them
}

// Threads returns the living threads of the checkpoint. There is at least one.
func Threads(images fs.FS) ([]Thread, error) {
	tree, err := readTree(images)
	if err != nil {
		return nil, err
	}
	filters, err := readFilters(images)
	if err != nil {
		return nil, err
	}
	var threads []Thread
	for _, p := range tree {
		living, err := p.living(images, filters)
		if err != nil {
			return nil, err
		}
		threads = append(threads, living...)
	}
	if len(threads) == 0 {
		return nil, fmt.Errorf("%s: it names no process that lives", treeImage)
	}
	return threads, nil
}

// living returns the threads of a process, or none if the process had ended.
func (p process) living(images fs.FS, filters chain) ([]Thread, error) {
	first, err := readCore(images, p.pid)
	if err != nil {
		return nil, err
	}
	alive, err := first.alive()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", first.image, err)
	}
	if !alive {
		return nil, nil
	}
	if len(p.threads) == 0 || p.threads[0] != p.pid {
		return nil, fmt.Errorf("%s: the threads of process %d are %d: the first is not the process", treeImage, p.pid, p.threads)
	}
	own, err := filters.of(first)
	if err != nil {
		return nil, err
	}
	threads := []Thread{{first.image, own}}
	for _, id := range p.threads[1:] {
		c, err := readCore(images, id)
		if err != nil {
			return nil, err
		}
		t := Thread{Image: c.image}
		if t.Filters, err = filters.of(c); err != nil {
			return nil, err
		}
		if len(t.Filters) == 0 {
			t.Filters = synchronized(own)
		}
		threads = append(threads, t)
	}
	return threads, nil
}

// synchronized returns the filters that a process's first thread loads for the other
// threads, too. If all threads have the same filters, CRIU saves them for the first thread
// only, with SECCOMP_FILTER_FLAG_TSYNC (try_use_tsync in criu/seccomp.c).
func synchronized(own []SavedFilter) []SavedFilter {
	const flagTSYNC = 1
	for i, f := range own {
		if f.Flags&flagTSYNC != 0 {
			return own[i:]
		}
	}
	return nil
}

// chain is all filters of a checkpoint.
type chain []link

type link struct {
	SavedFilter
	before int // index of the filter that was loaded before this one; -1 for none
}

// readFilters reads seccomp.img, which is missing if no thread has a filter.
func readFilters(images fs.FS) (chain, error) {
	const image = "seccomp.img"
	m, err := readMessage(images, image, markSeccomp, form{1: {bytesField, many}})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all chain
	for i, raw := range m[1] {
		one, err := decode(raw.bytes, form{1: {bytesField, required}, 2: {numberField, optional}, 3: {numberField, optional}})
		if err != nil {
			return nil, fmt.Errorf("%s: filter %d: %w", image, i, err)
		}
		l := link{SavedFilter: SavedFilter{Program: one[1][0].bytes, Flags: one.number(3)}, before: -1}
		if one.has(2) {
			l.before = int(one.number(2))
		}
		all = append(all, l)
	}
	return all, nil
}

// maxFilters is more than the kernel lets a thread have: it allows 32768 instructions in
// all, and counts 4 for each filter beside the filter's own (MAX_INSNS_PER_PATH).
const maxFilters = 1 << 13

// of returns the filters of a thread, from the last loaded to the first.
func (all chain) of(c core) ([]SavedFilter, error) {
	filtered, err := c.filtered()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.image, err)
	}
	if !filtered {
		return nil, nil
	}
	var filters []SavedFilter
	for at := int(c.thread.number(threadFilter)); at != -1; at = all[at].before {
		if at >= len(all) {
			return nil, fmt.Errorf("%s: filter %d is not in seccomp.img, which has %d", c.image, at, len(all))
		}
		if len(filters) == maxFilters {
			return nil, fmt.Errorf("%s: more than %d filters: they go round, or no kernel has loaded them", c.image, maxFilters)
		}
		filters = append(filters, all[at].SavedFilter)
	}
	return filters, nil
}
