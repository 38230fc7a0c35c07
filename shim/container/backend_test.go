package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"seccomp-shim/shim/container/load"
	"seccomp-shim/shim/stdio"
)

// fakeBackend is a backend without a kernel. Each call is recorded by its name, and
// waits if the test holds the name.
type fakeBackend struct {
	stubborn bool // a launch does not end with its context

	mu       sync.Mutex
	calls    []string                 // guarded by mu
	holds    map[string]chan struct{} // guarded by mu
	errs     map[string]error         // guarded by mu
	children int                      // guarded by mu
}

// hold makes calls of a name wait until the returned function is called.
func (b *fakeBackend) hold(name string) (letGo func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := make(chan struct{})
	b.holds[name] = held
	return sync.OnceFunc(func() { close(held) })
}

func (b *fakeBackend) fail(name string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errs[name] = err
}

// call records a call, and returns when it is not held any more, or is over.
func (b *fakeBackend) call(name string, over <-chan struct{}) error {
	b.mu.Lock()
	b.calls = append(b.calls, name)
	held, err := b.holds[name], b.errs[name]
	b.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-over:
		}
	}
	return err
}

// forget makes the backend one that has not been called.
func (b *fakeBackend) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = nil
}

func (b *fakeBackend) count(name string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.calls {
		if c == name {
			n++
		}
	}
	return n
}

func (b *fakeBackend) launch(ctx context.Context, name string) (child, error) {
	over := ctx.Done()
	if b.stubborn {
		over = nil
	}
	if err := b.call(name, over); err != nil {
		return nil, err
	}
	if cause := context.Cause(ctx); cause != nil && !b.stubborn {
		return nil, endedStart(cause, nil)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.children++
	return &fakeChild{backend: b, number: 100 + b.children, ended: make(chan struct{})}, nil
}

func (b *fakeBackend) startInit(ctx context.Context, _ *Process) (child, error) {
	return b.launch(ctx, "startInit")
}

func (b *fakeBackend) startExec(ctx context.Context, _ *Process) (child, error) {
	return b.launch(ctx, "startExec")
}

func (b *fakeBackend) restore(ctx context.Context, _ *Process) (child, error) {
	return b.launch(ctx, "restore")
}

func (b *fakeBackend) cgroup(int) cgroup             { return fakeCgroup{} }
func (b *fakeBackend) processes() ([]int, error)     { return nil, b.call("processes", nil) }
func (b *fakeBackend) pause() error                  { return b.call("pause", nil) }
func (b *fakeBackend) resume() error                 { return b.call("resume", nil) }
func (b *fakeBackend) killOthers() error             { return b.call("killOthers", nil) }
func (b *fakeBackend) destroy(context.Context) error { return b.call("destroy", nil) }

type fakeCgroup struct{}

func (fakeCgroup) stats() (proto.Message, error) { return nil, nil }

// fakeChild ends by SIGKILL, or when the test says so.
type fakeChild struct {
	backend *fakeBackend
	number  int
	once    sync.Once
	ended   chan struct{}
	status  int // written before ended is closed
}

// end makes the child exit.
func (c *fakeChild) end(status int) {
	c.once.Do(func() {
		c.status = status
		close(c.ended)
	})
}

func (c *fakeChild) pid() int { return c.number }

func (c *fakeChild) release(gone <-chan struct{}) (bool, error) {
	err := c.backend.call("release", gone)
	select {
	case <-gone:
		return false, err
	default:
		return true, err
	}
}

func (c *fakeChild) load() error        { return c.step("load") }
func (c *fakeChild) awaitExecve() error { return c.step("awaitExecve") }
func (c *fakeChild) close()             { _ = c.backend.call("close", nil) }

func (c *fakeChild) step(name string) error {
	err := c.backend.call(name, c.ended)
	select {
	case <-c.ended:
		return load.ErrKilled
	default:
		return err
	}
}

func (c *fakeChild) signal(s unix.Signal) error {
	err := c.backend.call(fmt.Sprintf("signal %d", s), nil)
	if s == unix.SIGKILL {
		c.end(128 + int(unix.SIGKILL))
	}
	return err
}

func (c *fakeChild) wait() int {
	<-c.ended
	_ = c.backend.call("wait", nil)
	return c.status
}

// fake returns a created container that has no processes in the kernel.
func fake(t *testing.T, change ...func(*Config)) (*Container, *fakeBackend, *eventLog) {
	t.Helper()
	b := &fakeBackend{holds: map[string]chan struct{}{}, errs: map[string]error{}}
	events := &eventLog{}
	cfg := Config{ID: "c", Bundle: t.TempDir(), Spec: validSpec()}
	for _, f := range change {
		f(&cfg)
	}
	c := newContainer(cfg, b, noStreams(t), events)
	if err := c.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if child, ok := c.init.launchedChild().(*fakeChild); ok {
			child.end(0)
		}
	})
	return c, b, events
}

func noStreams(t *testing.T) *stdio.IO {
	t.Helper()
	streams, err := stdio.Open(stdio.Streams{}, stdio.Owner{})
	if err != nil {
		t.Fatal(err)
	}
	return streams
}

func addExec(t *testing.T, c *Container, id string) *Process {
	t.Helper()
	p, err := c.AddExec(id, validSpec().Process, noStreams(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func start(t *testing.T, p *Process) *fakeChild {
	t.Helper()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p.launchedChild().(*fakeChild)
}

const (
	longEnough = 10 * time.Second      // for what must happen
	aMoment    = 20 * time.Millisecond // for what must not
)

func awaitExit(t *testing.T, p *Process) Exit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longEnough)
	defer cancel()
	exit, err := p.Wait(ctx)
	if err != nil {
		t.Fatalf("the exit of process %q: %v", p.ID, err)
	}
	p.gate.Lock() // until it is reported, too
	defer p.gate.Unlock()
	return exit
}

// awaitCall returns when the backend has been called by a name.
func awaitCall(t *testing.T, b *fakeBackend, name string) {
	t.Helper()
	for end := time.Now().Add(longEnough); b.count(name) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s was not called", name)
		}
	}
}

// soon returns what f returns, which must not wait for anything.
func soon[T any](t *testing.T, what string, f func() T) (got T) {
	t.Helper()
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case got = <-done:
	case <-time.After(longEnough):
		t.Fatalf("%s does not return", what)
	}
	return got
}

var errFake = errors.New("the fake's error")
