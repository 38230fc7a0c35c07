package cache

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

var key1 = numbered(1)

func never() ([]byte, error) { panic("made though it is there") }

func TestMadeOnceForAllWhoAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(wide, nil)
		var made atomic.Int32
		release := make(chan struct{})
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				got, err := c.Get(t.Context(), key1, func() ([]byte, error) {
					made.Add(1)
					<-release
					return []byte("value"), nil
				})
				if err != nil || string(got) != "value" {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		synctest.Wait() // until all 100 wait
		other, err := c.Get(t.Context(), numbered(2), func() ([]byte, error) { return []byte("other"), nil })
		if err != nil || string(other) != "other" {
			t.Errorf("another key meanwhile: %q, %v", other, err)
		}
		close(release)
		all.Wait()
		if n := made.Load(); n != 1 {
			t.Errorf("made %d times", n)
		}
		if got, err := c.Get(t.Context(), key1, never); err != nil || string(got) != "value" {
			t.Errorf("later: %q, %v", got, err)
		}
	})
}

// Each row's failure reaches all who wait, and nobody after them.
func TestFailureIsNotKept(t *testing.T) {
	failure := errors.New("cannot compile")
	for _, row := range []struct {
		fact string
		fail func() ([]byte, error)
		is   func(error) bool
	}{
		{"an error", func() ([]byte, error) { return []byte("half"), failure },
			func(err error) bool { return err == failure }},
		{"a panic", func() ([]byte, error) { panic("index out of range") },
			func(err error) bool {
				var p *PanicError
				return errors.As(err, &p) && p.Value == "index out of range" && bytes.Contains(p.Stack, []byte("cache_test.go")) &&
					strings.Contains(err.Error(), "index out of range")
			}},
		{"a panic with nil", func() ([]byte, error) { panic(nil) },
			func(err error) bool { var p *PanicError; return errors.As(err, &p) }},
		{"an end of the goroutine", func() ([]byte, error) { runtime.Goexit(); return nil, nil },
			func(err error) bool { return strings.Contains(err.Error(), "goroutine") }},
	} {
		t.Run(row.fact, func(t *testing.T) {
			d := newDisk(t, wide)
			synctest.Test(t, func(t *testing.T) {
				c := New(wide, d.Disk)
				release := make(chan struct{})
				var all sync.WaitGroup
				for range 10 {
					all.Go(func() {
						got, err := c.Get(t.Context(), key1, func() ([]byte, error) { <-release; return row.fail() })
						if err == nil || !row.is(err) || got != nil {
							t.Errorf("got %q, %v", got, err)
						}
					})
				}
				synctest.Wait()
				close(release)
				all.Wait()
				got, err := c.Get(t.Context(), key1, func() ([]byte, error) { return []byte("value"), nil })
				if err != nil || string(got) != "value" {
					t.Errorf("the next: %q, %v", got, err)
				}
			})
		})
	}
}

func TestGivingUpDoesNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(wide, nil)
		release := make(chan struct{})
		slow := func() ([]byte, error) { <-release; return []byte("value"), nil }
		impatient, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("the client is gone")
		var all sync.WaitGroup
		all.Go(func() { // the first: it is its function that runs
			if _, err := c.Get(impatient, key1, slow); err != reason {
				t.Errorf("the impatient: %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if got, err := c.Get(t.Context(), key1, never); err != nil || string(got) != "value" {
				t.Errorf("the patient: %q, %v", got, err)
			}
		})
		synctest.Wait()
		cancel(reason)
		synctest.Wait()
		close(release)
		all.Wait()
		begun := false
		_, err := c.Get(impatient, numbered(2), func() ([]byte, error) { begun = true; return nil, nil })
		synctest.Wait()
		if err != reason || begun {
			t.Errorf("given up before: %v, begun: %t", err, begun)
		}
	})
}

// Neither the maker nor a reader can change what others get.
func TestValuesAreNotShared(t *testing.T) {
	c := New(wide, nil)
	made := []byte("value")
	for range 3 {
		got, err := c.Get(t.Context(), key1, func() ([]byte, error) { return made, nil })
		if err != nil || string(got) != "value" {
			t.Fatalf("got %q, %v", got, err)
		}
		got[0], made[1] = 'X', 'X'
		_ = append(got, 'X')
	}
}

func TestMemoryThenDiskThenMake(t *testing.T) {
	d := newDisk(t, wide)
	c := New(wide, d.Disk)
	if _, err := c.Get(t.Context(), key1, func() ([]byte, error) { return []byte("value"), nil }); err != nil {
		t.Fatal(err)
	}
	d.mustHave(t, key1, []byte("value"))
	must(t, os.WriteFile(d.file(key1), nil, 0o600))
	if got, err := c.Get(t.Context(), key1, never); err != nil || string(got) != "value" {
		t.Errorf("from memory: %q, %v", got, err)
	}
	d.mustPut(t, key1, []byte("value"))
	fresh := New(wide, d.Disk) // as another process
	if got, err := fresh.Get(t.Context(), key1, never); err != nil || string(got) != "value" {
		t.Errorf("from disk: %q, %v", got, err)
	}
	must(t, os.Remove(d.file(key1)))
	if got, err := fresh.Get(t.Context(), key1, never); err != nil || string(got) != "value" {
		t.Errorf("from memory after disk: %q, %v", got, err)
	}
}

func TestBadDiskCostsOnlyTheMaking(t *testing.T) {
	d := newDisk(t, wide)
	must(t, os.WriteFile(d.file(key1), sized(100), 0o600))
	made := 0
	get := func(c *Cache) {
		t.Helper()
		got, err := c.Get(t.Context(), key1, func() ([]byte, error) { made++; return []byte("value"), nil })
		if err != nil || string(got) != "value" {
			t.Errorf("got %q, %v", got, err)
		}
	}
	get(New(wide, d.Disk))
	d.mustReport(t, "magic")
	d.mustHave(t, key1, []byte("value")) // made anew

	must(t, os.RemoveAll(d.path))
	c := New(wide, d.Disk)
	get(c)
	d.mustReport(t, "no such file")
	get(c) // memory works without disk
	get(New(Limit{}, nil))
	if made != 3 {
		t.Errorf("made %d times, want 3", made)
	}
}

func TestDrop(t *testing.T) {
	d := newDisk(t, wide)
	c := New(wide, d.Disk)
	for _, value := range []string{"bad", "good"} {
		got, err := c.Get(t.Context(), key1, func() ([]byte, error) { return []byte(value), nil })
		if err != nil || string(got) != value {
			t.Fatalf("got %q, %v, want %q", got, err, value)
		}
		c.Drop(key1, errors.New("no program in it"))
		d.mustReport(t, "no program in it")
	}
	New(wide, nil).Drop(key1, nil)
}
