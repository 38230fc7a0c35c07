package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// stressEnv says how many lives each kind of TestStress has. `make stress` has a
// thousand, of a shim that is built with the race detector.
const stressEnv = "STRESS"

func stressLives(t *testing.T) int {
	t.Helper()
	text := os.Getenv(stressEnv)
	if text == "" {
		return 10
	}
	lives, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", stressEnv, err)
	}
	return lives
}

// life is one container of a stressed shim. It returns the events that containerd
// must publish of it, in order.
type life func(t *testing.T, i int, id string, together oci.SpecOpts) (want []string)

// Each kind of race, many times in one shim: every event is published once and in
// order, and in the end the shim has what it had: no zombie, no descriptor, no
// goroutine more.
func TestStress(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact    string
		live    life
		workers int
	}{
		{"init dies while it is created", dieInCreate, 1},
		{"init exits at once after its start", exitAtOnce, 4},
		{"an exec meets init's exit", execMeetsExit, 4},
		{"a kill meets the start", killMeetsStart, 4},
	} {
		t.Run(row.fact, func(t *testing.T) { stress(t, row.live, row.workers) })
	}
	log := nodeLog.String()
	for _, bad := range []string{"DATA RACE", "panic: ", "fatal error: "} {
		if at := strings.Index(log, bad); at >= 0 {
			t.Errorf("a shim's log: %s", log[at:min(len(log), at+6000)])
		}
	}
}

func stress(t *testing.T, live life, workers int) {
	published := subscribe(t)
	sandbox := newID(t)
	together := oci.WithAnnotations(map[string]string{groupAnnotation: sandbox})
	shim := shimOf(t, hold(t, sandbox, nil, together).task.Pid())
	one := func(i int) {
		id := fmt.Sprintf("s%d", ids.Add(1))
		want := live(t, i, id, together)
		if err := remove(id); err != nil {
			t.Errorf("%s: remove: %v", id, err)
		}
		if !testbed.HoldsWithin(patience, func() bool { return slices.Equal(published.of(id), want) }) {
			t.Errorf("%s: published %v, want %v; containerd's log:\n%s", id, published.of(id), want, nodeLog.all(id))
		}
		if left := node.AwaitGone(id); len(left) > 0 {
			t.Errorf("%s: left on the host:\n  %s", id, strings.Join(left, "\n  "))
		}
	}
	for i := range workers * 2 { // the shim gets what it needs for so many at once
		one(i)
	}
	before := resting(t, shim)
	work := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range work {
				if !t.Failed() {
					one(i)
				}
			}
		})
	}
	for i := range stressLives(t) {
		work <- i
	}
	close(work)
	all.Wait()
	var after contents
	if !testbed.HoldsWithin(patience, func() bool {
		after = resting(t, shim)
		return len(after.descriptors) <= len(before.descriptors) &&
			after.children <= before.children && len(after.stacks) <= len(before.stacks)
	}) {
		t.Errorf("the shim had: %v\nand has: %v", before, after)
	}
	if again := published.repeated(); len(again) > 0 {
		t.Errorf("published late or twice: %v", again)
	}
}

// dieInCreate kills what the shim forks for a container, later in each life. The
// create then fails and nothing is published, or it is over already.
func dieInCreate(t *testing.T, i int, id string, together oci.SpecOpts) []string {
	c := newContainer(t, id, []string{"/bin/minimal"}, together)
	shim := shimOfGroup(t, id, together)
	created := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() { killNewChild(t, shim, time.Duration(i%40)*500*time.Microsecond, created) })
	task, err := c.NewTask(bounded(t), toStreams(nil, nil, nil))
	close(created)
	killer.Wait()
	if err != nil {
		return nil
	}
	exits, err := task.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Errorf("%s: wait: %v", id, err)
		return nil
	}
	_ = task.Kill(bounded(t), unix.SIGKILL) // the killer may have been quicker, or not
	awaitCode(t, id, exits, 137)
	return []string{"create", "exit 137 of init", "delete"}
}

// exitAtOnce runs a program whose second system call is its exit.
func exitAtOnce(t *testing.T, _ int, id string, together oci.SpecOpts) []string {
	task, exits := newTask(t, id, []string{"/bin/minimal"}, together)
	if err := task.Start(bounded(t)); err != nil {
		t.Errorf("%s: start: %v", id, err)
	}
	awaitCode(t, id, exits, 7)
	return []string{"create", "start", "exit 7 of init", "delete"}
}

// execMeetsExit starts an exec while init is killed.
func execMeetsExit(t *testing.T, i int, id string, together oci.SpecOpts) []string {
	c := launch(t, id, []string{"/bin/minimal", "and", "hold"}, together)
	p, err := c.addExec(t, toStreams(nil, nil, nil), []string{"/bin/minimal", "and", "hold"})
	if err != nil {
		t.Errorf("%s: exec: %v", id, err)
		return nil
	}
	var killed sync.WaitGroup
	killed.Go(func() {
		time.Sleep(time.Duration(i%50) * time.Millisecond / 2)
		if err := c.task.Kill(bounded(t), unix.SIGKILL); err != nil {
			t.Errorf("%s: kill init: %v", id, err)
		}
	})
	started := p.Start(bounded(t)) == nil
	killed.Wait()
	awaitCode(t, id, c.exits, 137)
	if _, err := p.Delete(bounded(t)); err != nil && !errdefs.IsNotFound(err) {
		t.Errorf("%s: delete exec: %v", id, err)
	}
	want := []string{"create", "start", "exec-added"}
	if started {
		want = append(want, "exec-started", "exit 137")
	}
	return append(want, "exit 137 of init", "delete")
}

// killMeetsStart starts a container while it is killed.
func killMeetsStart(t *testing.T, i int, id string, together oci.SpecOpts) []string {
	task, exits := newTask(t, id, []string{"/bin/minimal", "and", "hold"}, together)
	same, err := client.LoadContainer(bounded(t), id)
	if err != nil {
		t.Fatal(err)
	}
	killer, err := same.Task(bounded(t), nil) // a client's task is not to be used by two
	if err != nil {
		t.Fatal(err)
	}
	var killed sync.WaitGroup
	killed.Go(func() {
		time.Sleep(time.Duration(i%40) * time.Millisecond / 10)
		if err := killer.Kill(bounded(t), unix.SIGKILL); err != nil {
			t.Errorf("%s: kill: %v", id, err)
		}
	})
	started := task.Start(bounded(t)) == nil
	killed.Wait()
	awaitCode(t, id, exits, 137)
	want := []string{"create"}
	if started {
		want = append(want, "start")
	}
	return append(want, "exit 137 of init", "delete")
}

func newTask(t *testing.T, id string, args []string, opts ...oci.SpecOpts) (containerd.Task, <-chan containerd.ExitStatus) {
	t.Helper()
	c, err := create(t, id, args, opts...)
	if err != nil {
		t.Fatalf("%s: create: %v", id, err)
	}
	return c.task, c.exits
}

func awaitCode(t *testing.T, id string, exits <-chan containerd.ExitStatus, want uint32) {
	t.Helper()
	select {
	case status := <-exits:
		if status.Error() != nil || status.ExitCode() != want {
			t.Errorf("%s: exit %d, %v; want %d", id, status.ExitCode(), status.Error(), want)
		}
	case <-time.After(patience):
		t.Errorf("%s: no exit is reported", id)
	}
}
