package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// Cache is the memory of this process before the disk of the node. Its methods
// may be called at the same time.
type Cache struct {
	disk *Disk // nil: none

	mu      sync.Mutex
	memory  *memory
	flights map[Key]*flight
}

// New returns a cache with an empty memory. A nil disk is none.
func New(memory Limit, disk *Disk) *Cache {
	return &Cache{disk: disk, memory: newMemory(memory), flights: map[Key]*flight{}}
}

// flight is a value on its way.
type flight struct {
	landed chan struct{} // closed when value and err are final
	value  []byte
	err    error
}

// Get returns the value of a key, made by build if neither memory nor disk has
// it. The slice is the caller's.
//
// build runs apart from any caller, in a goroutine of its own: if ctx ends, this
// caller gives up with the context's cause, and the value is made all the same
// for the others. So build must bound its own time, and must not Get the same key.
func (c *Cache) Get(ctx context.Context, key Key, build func() ([]byte, error)) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f := c.board(key, build)
	select {
	case <-f.landed:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if f.err != nil {
		return nil, f.err
	}
	return bytes.Clone(f.value), nil
}

// landed is a flight without a journey.
var landed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// board returns the flight to the key's value, begun if there is none. Memory and
// flights are asked under one lock: a value is in one of them from its flight's
// beginning on.
func (c *Cache) board(key Key, build func() ([]byte, error)) *flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, ok := c.memory.get(key); ok {
		return &flight{landed: landed, value: value}
	}
	f, ok := c.flights[key]
	if !ok {
		f = newFlight()
		c.flights[key] = f
		go c.fly(f, key, build)
	}
	return f
}

// newFlight returns one with the error that stays if build never returns, as by
// runtime.Goexit.
func newFlight() *flight {
	return &flight{landed: make(chan struct{}), err: errors.New("seccomp cache: making a value ended its goroutine")}
}

// PanicError is a panic while a value was made. It is an error because nobody
// could recover it in that goroutine: a shim that dies of it would leave its
// containers alone.
type PanicError struct {
	Value any
	Stack []byte // of the panic, for the log
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("seccomp cache: panic while making a value: %v", e.Value)
}

// fly lands whatever build does.
func (c *Cache) fly(f *flight, key Key, build func() ([]byte, error)) {
	defer func() {
		if p := recover(); p != nil {
			f.value, f.err = nil, &PanicError{p, debug.Stack()}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if f.err == nil {
			c.memory.put(key, f.value)
		}
		delete(c.flights, key)
		close(f.landed)
	}()
	f.value, f.err = c.obtain(key, build)
}

func (c *Cache) obtain(key Key, build func() ([]byte, error)) ([]byte, error) {
	if c.disk != nil {
		if value, ok := c.disk.Get(key); ok {
			return value, nil
		}
	}
	value, err := build()
	if err != nil {
		return nil, err
	}
	value = bytes.Clone(value) // what build returned may be somebody's
	if c.disk != nil {
		if err := c.disk.Put(key, value); err != nil {
			c.disk.report(err)
		}
	}
	return value, nil
}

// Drop removes a value that its reader could not use from memory and disk, and
// reports the reason to the disk's report.
func (c *Cache) Drop(key Key, reason error) {
	c.mu.Lock()
	c.memory.remove(key)
	c.mu.Unlock()
	if c.disk != nil {
		c.disk.Drop(key, reason)
	}
}
