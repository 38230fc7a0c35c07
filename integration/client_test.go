package integration

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/cio"
	"golang.org/x/sys/unix"
)

// A child that keeps its parent's output open does not hold up the exit, and
// what it writes later still arrives while the streams are open.
func TestChildHoldsOutput(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	var out output
	p, err := c.addExec(t, toStreams(nil, &out, nil), sh("(sleep 1; echo late; sleep 1000) & echo early; exit 6"))
	if err != nil {
		t.Fatal(err)
	}
	exits, err := p.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if got := await(t, "the parent", exits).ExitCode(); got != 6 {
		t.Errorf("exit code %d", got)
	}
	if took := time.Since(begin); took > heldUp {
		t.Errorf("the exit is published after %v", took)
	}
	out.await(t, "early\nlate\n")
	begin = time.Now()
	if _, err := p.Delete(bounded(t)); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > heldUp {
		t.Errorf("the delete takes %v", took)
	}
}

// heldUp is more than an exit or a delete may take for a client's sake, on a busy
// machine.
const heldUp = 4 * time.Second

// A client that does not read, or is gone, holds up neither exit nor delete, also
// where a process fills its FIFO and is killed as it writes.
func TestClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact   string
		gone   bool
		script string
		code   uint32
		limit  time.Duration
	}{
		{"a little", false, "echo little; sleep 0.5; exit 7", 7, heldUp},
		{"all that it can take", false, "cat /dev/zero & sleep 0.5; exit 7", 7, heldUp},
		{"a little, and is gone", true, "echo little; sleep 0.5; exit 7", 7, time.Second},
		{"all that it can take, and is gone", true, "cat /dev/zero & sleep 0.5; exit 7", 7, time.Second},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			id := newID(t)
			out := &silent{path: filepath.Join(node.Dir(), "silent-"+id)}
			if err := unix.Mkfifo(out.path, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.Remove(out.path) })
			reader, err := os.OpenFile(out.path, os.O_RDONLY|unix.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			task, err := newContainer(t, id, sh(row.script)).NewTask(bounded(t), func(string) (cio.IO, error) { return out, nil })
			if err != nil {
				t.Fatal(err)
			}
			exits, err := task.Wait(context.WithoutCancel(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			if err := task.Start(bounded(t)); err != nil {
				t.Fatal(err)
			}
			if row.gone {
				reader.Close()
			}
			time.Sleep(500 * time.Millisecond)
			begin := time.Now()
			if got := await(t, "init", exits).ExitCode(); got != row.code {
				t.Errorf("exit code %d", got)
			}
			published := time.Since(begin)
			if _, err := task.Delete(bounded(t)); err != nil {
				t.Error(err)
			}
			if all := time.Since(begin); all > row.limit {
				t.Errorf("the exit is published after %v, and deleted after %v", published, all)
			} else {
				t.Logf("the exit is published after %v, and deleted after %v", published, all)
			}
		})
	}
}

// silent is a client that leaves its FIFO alone.
type silent struct{ path string }

func (s *silent) Config() cio.Config { return cio.Config{Stdout: s.path} }
func (s *silent) Cancel()            {}
func (s *silent) Wait()              {}
func (s *silent) Close() error       { return nil }
