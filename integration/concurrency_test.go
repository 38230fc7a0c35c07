package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

func TestManyExecsAtOnce(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			got := c.exec(t, sh(fmt.Sprintf("echo %d; exit %d", i, i)))
			if want := (result{code: uint32(i), stdout: fmt.Sprintln(i)}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	all.Wait()
}

// races is how often an exec races init's exit, with a delay that grows by a
// millisecond. On an idle machine an exec takes about twenty.
const races = 24

// An exec that races init's exit is refused, or it runs and its exit is published.
// init's exit is always published. The shim keeps nothing of either.
func TestExecRacesInitsExit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact string
		opts []oci.SpecOpts
	}{
		{"with pids of its own", nil},
		{"with the host's pids", []oci.SpecOpts{oci.WithHostNamespace(specs.PIDNamespace)}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			started := 0
			for i := range races {
				if race(t, time.Duration(i)*time.Millisecond, row.opts) {
					started++
				}
			}
			t.Logf("%d of %d execs started", started, races)
		})
	}
}

// race starts an exec, and kills init after the given time.
func race(t *testing.T, after time.Duration, opts []oci.SpecOpts) (started bool) {
	t.Helper()
	c := hold(t, newID(t), nil, opts...)
	shim := shimOf(t, c.task.Pid())
	p, err := c.addExec(t, toStreams(nil, nil, nil), []string{"/bin/sleep", "1000"})
	if err != nil {
		t.Fatal(err)
	}
	exits, err := p.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	var killed sync.WaitGroup
	killed.Go(func() {
		time.Sleep(after)
		if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
			t.Errorf("kill init: %v", err)
		}
	})
	started = p.Start(bounded(t)) == nil
	killed.Wait()
	if started {
		if got := await(t, "the exec", exits).ExitCode(); got != 137 {
			t.Errorf("the exec ended with %d", got)
		}
	}
	if got := await(t, "init", c.exits).ExitCode(); got != 137 {
		t.Errorf("init ended with %d", got)
	}
	if _, err := p.Delete(bounded(t)); err != nil && !errdefs.IsNotFound(err) {
		t.Errorf("delete exec: %v", err)
	}
	eventually(t, "the shim has no children left, also no dead ones", func() bool { return countChildren(t, shim) == 0 })
	return started
}

// Containers that exit at once lose no event, and the events of each are published in
// order.
func TestManyShortLives(t *testing.T) {
	t.Parallel()
	shown := watchEvents(t)
	const lives = 40
	work := make(chan string, lives)
	for range lives {
		work <- newID(t)
	}
	close(work)
	var mu sync.Mutex
	var done []string
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for id := range work {
				if got := launch(t, id, []string{"/bin/true"}).end(t); got.code != 0 {
					t.Errorf("%s: %+v", id, got)
				}
				mu.Lock()
				done = append(done, id)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if len(done) != lives {
		t.Errorf("%d of %d containers ended", len(done), lives)
	}
	want := []string{"create", "start", "exit 0 of init", "delete"}
	for _, id := range done {
		mustShow(t, shown, id, want...)
	}
}
