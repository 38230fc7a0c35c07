package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/seccomptest"
)

// Each row puts keys 0, 1, 2… of 1,000 bytes, number 0 the longest unused, and
// then one more.
func TestEvictionBounds(t *testing.T) {
	const size = int64(1000 + overhead)
	for _, row := range []struct {
		fact   string
		limit  Limit
		before int
		want   []int
	}{
		{"below the limit nothing goes", Limit{4, 1 << 20}, 3, []int{0, 1, 2, 3}},
		{"one too many: the oldest goes", Limit{3, 1 << 20}, 3, []int{1, 2, 3}},
		{"as many bytes as allowed", Limit{100, 4 * size}, 3, []int{0, 1, 2, 3}},
		{"a byte too many", Limit{100, 4*size - 1}, 3, []int{1, 2, 3}},
		{"room for the new one alone", Limit{1, size}, 3, []int{3}},
		{"a limit that has become lower", Limit{2, 1 << 20}, 9, []int{8, 9}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, wide)
			for n := range row.before {
				d.mustPut(t, numbered(n), sized(1000))
				mustAge(t, d.file(numbered(n)), time.Hour-time.Duration(n)*time.Second)
			}
			d = newDiskAt(t, d.path, row.limit)
			d.mustPut(t, numbered(row.before), sized(1000))
			if got := d.has(t, 20); !slices.Equal(got, row.want) {
				t.Errorf("left are %v, want %v", got, row.want)
			}
		})
	}
}

func TestPutRefusesWhatIsTooLarge(t *testing.T) {
	for _, row := range []struct {
		fact  string
		limit Limit
		size  int
		kept  bool
	}{
		{"the largest value", wide, MaxValue, true},
		{"a byte more", wide, MaxValue + 1, false},
		{"as large as the cache", Limit{1, int64(overhead + 10)}, 10, true},
		{"larger than the cache", Limit{1, int64(overhead + 9)}, 10, false},
		{"no entries allowed", Limit{0, 1 << 20}, 10, false},
		{"the zero limit", Limit{}, 0, false},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, row.limit)
			err := d.Put(numbered(1), sized(row.size))
			if _, ok := d.Get(numbered(1)); (err == nil) != row.kept || ok != row.kept {
				t.Errorf("Put: %v, hit: %t, want kept: %t", err, ok, row.kept)
			}
			if names := d.names(t); !row.kept && len(names) != 0 {
				t.Errorf("left behind: %q", names)
			}
		})
	}
}

func TestHitRenewsTheTimeOfUse(t *testing.T) {
	for _, row := range []struct {
		fact    string
		age     time.Duration
		renewed bool
	}{
		{"not within a minute", 50 * time.Second, false},
		{"after a minute", 70 * time.Second, true},
		{"of a year", 365 * 24 * time.Hour, true},
		{"of a clock that was set back", -time.Hour, true},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, wide)
			d.mustPut(t, numbered(1), valueOf(1))
			mustAge(t, d.file(numbered(1)), row.age)
			before := modified(t, d.file(numbered(1)))
			d.mustHave(t, numbered(1), valueOf(1))
			after := modified(t, d.file(numbered(1)))
			if !row.renewed && !after.Equal(before) {
				t.Errorf("renewed from %v to %v", before, after)
			}
			if row.renewed && time.Since(after).Abs() > 10*time.Second {
				t.Errorf("still %v, before %v", after, before)
			}
		})
	}
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	seccomptest.Must(t, err)
	return info.ModTime()
}

func TestLeastRecentlyUsedGoesFirst(t *testing.T) {
	d := newDisk(t, Limit{3, 1 << 20})
	for n := range 3 {
		d.mustPut(t, numbered(n), valueOf(n))
		mustAge(t, d.file(numbered(n)), time.Hour-time.Duration(n)*time.Minute)
	}
	d.mustHave(t, numbered(0), valueOf(0)) // written first, used last
	d.mustPut(t, numbered(3), valueOf(3))
	if got := d.has(t, 4); !slices.Equal(got, []int{0, 2, 3}) {
		t.Errorf("left are %v", got)
	}
	// The time of a clock that was set back does not outlive all others.
	mustAge(t, d.file(numbered(2)), -24*time.Hour)
	d.mustPut(t, numbered(4), valueOf(4))
	if got := d.has(t, 5); !slices.Equal(got, []int{0, 3, 4}) {
		t.Errorf("left are %v", got)
	}
}

func TestEvictionDoesNotHarmAReader(t *testing.T) {
	d := newDisk(t, Limit{1, 1 << 20})
	d.mustPut(t, numbered(1), valueOf(1))
	fd, err := d.dir.open(fileName(numbered(1)), unix.O_RDONLY, 0)
	seccomptest.Must(t, err)
	defer unix.Close(fd)
	mustAge(t, d.file(numbered(1)), time.Hour)
	d.mustPut(t, numbered(2), valueOf(2))
	if got := d.has(t, 3); !slices.Equal(got, []int{2}) {
		t.Fatalf("left are %v", got)
	}
	file, err := readAll(fd, overhead+len(valueOf(1)))
	seccomptest.Must(t, err)
	if got, err := decode(numbered(1), file); err != nil || !bytes.Equal(got, valueOf(1)) {
		t.Errorf("the reader gets %d bytes, %v", len(got), err)
	}
}

func TestSweep(t *testing.T) {
	for _, row := range []struct {
		fact, name string
		age        time.Duration
		swept      bool
	}{
		{"a killed writer's file", tempName(), 2 * time.Minute, true},
		{"a killed writer's file, before the clock was set back", tempName(), -2 * time.Minute, true},
		{"a writer's file", tempName(), 30 * time.Second, false},
		{"a file of somebody else", "README", 24 * time.Hour, false},
		{"a blob of containerd's content store", numbered(1).String(), 24 * time.Hour, false},
		{"a temporary file of somebody else", "tmp-1234", 24 * time.Hour, false},
		{"a key in capitals", "ABCDEF" + fileName(numbered(1))[6:], 24 * time.Hour, false},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, Limit{1, 1 << 20})
			path := filepath.Join(d.path, row.name)
			seccomptest.Must(t, os.WriteFile(path, sized(100), 0o600))
			mustAge(t, path, row.age)
			d.mustPut(t, numbered(1), valueOf(1))
			d.mustPut(t, numbered(2), valueOf(2)) // beyond the limit, too
			if _, err := os.Stat(path); os.IsNotExist(err) != row.swept {
				t.Errorf("swept: %t, want %t", os.IsNotExist(err), row.swept)
			}
		})
	}
}

// Goroutines stand for processes here: each has opened the directory itself.
func TestManyEvictAtOnce(t *testing.T) {
	limit := Limit{Entries: 5, Bytes: 20_000}
	path := filepath.Join(t.TempDir(), "cache")
	var all sync.WaitGroup
	for w := range 8 {
		d := newDiskAt(t, path, limit)
		all.Go(func() {
			for i := range 50 {
				n := (w*50 + i) % 40
				if err := d.Put(numbered(n), valueOf(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	d := newDiskAt(t, path, limit)
	mustBeWithin(t, d, limit)
	if got := d.has(t, 40); len(got) == 0 {
		t.Error("nothing is left")
	}
}

func mustBeWithin(t *testing.T, d *disk, limit Limit) {
	t.Helper()
	count, size := 0, int64(0)
	for _, name := range d.names(t) {
		info, err := os.Lstat(filepath.Join(d.path, name))
		seccomptest.Must(t, err)
		if isEntry(name) {
			count++
			size += info.Size()
		}
	}
	if count > limit.Entries || size > limit.Bytes {
		t.Errorf("%d entries of %d bytes, want at most %v", count, size, limit)
	}
}
