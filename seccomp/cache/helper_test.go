package cache

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain makes the test binary serve as the processes of TestProcesses.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := play(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var wide = Limit{Entries: 1000, Bytes: 1 << 30}

// disk is a Disk under test and what it reported.
type disk struct {
	*Disk
	path string

	mu      sync.Mutex
	reports []string
}

func newDisk(t testing.TB, limit Limit) *disk {
	t.Helper()
	return newDiskAt(t, filepath.Join(t.TempDir(), "cache"), limit)
}

func newDiskAt(t testing.TB, path string, limit Limit) *disk {
	t.Helper()
	d := &disk{path: path}
	var err error
	d.Disk, err = OpenDisk(path, limit, func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.reports = append(d.reports, err.Error())
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// file is where the value of a key is.
func (d *disk) file(key Key) string { return filepath.Join(d.path, fileName(key)) }

func (d *disk) mustPut(t testing.TB, key Key, value []byte) {
	t.Helper()
	if err := d.Put(key, value); err != nil {
		t.Fatal(err)
	}
}

func (d *disk) mustHave(t testing.TB, key Key, want []byte) {
	t.Helper()
	if got, ok := d.Get(key); !ok || !bytes.Equal(got, want) {
		t.Fatalf("got %d bytes, %t; want %d; reports: %q", len(got), ok, len(want), d.reports)
	}
}

// mustReport takes the one report since the last time, which has the given part.
func (d *disk) mustReport(t testing.TB, part string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.reports) != 1 || !strings.Contains(d.reports[0], part) {
		t.Errorf("reports: %q, want one with %q", d.reports, part)
	}
	d.reports = nil
}

// has returns which of the numbered keys have a file.
func (d *disk) has(t testing.TB, numbers int) (present []int) {
	t.Helper()
	for n := range numbers {
		if _, err := os.Lstat(d.file(numbered(n))); err == nil {
			present = append(present, n)
		}
	}
	return present
}

// names lists the directory.
func (d *disk) names(t testing.TB) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(d.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func numbered(n int) Key { return sha256.Sum256(fmt.Append(nil, n)) }

// valueOf returns the only right value of a numbered key, of 1 to 8,000 bytes.
func valueOf(n int) []byte {
	key := numbered(n)
	return bytes.Repeat(key[:], 250)[:1+n*997%8000]
}

func sized(size int) []byte { return slices.Repeat([]byte{0x5a}, size) }

func mustAge(t testing.TB, path string, age time.Duration) {
	t.Helper()
	if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
		t.Fatal(err)
	}
}

func needRoot(t *testing.T, why string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: " + why)
	}
}
