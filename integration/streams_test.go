package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/cio"
)

const streamBytes = 6 << 20

// noise returns random data, which neither compresses nor repeats.
func noise() []byte {
	data := make([]byte, streamBytes)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data) // never fails
	return data
}

// All bytes of stdin, up to its end, come out of stdout and stderr.
func TestStreamsAreWhole(t *testing.T) {
	t.Parallel()
	init := func(t *testing.T, io cio.Creator) (containerd.Process, error) {
		return newContainer(t, newID(t), tee).NewTask(bounded(t), io)
	}
	exec := func(t *testing.T, io cio.Creator) (containerd.Process, error) {
		return hold(t, newID(t), nil).addExec(t, io, tee)
	}
	atOnce := func(o *output) io.Writer { return o }
	late := func(o *output) io.Writer { return &slow{Writer: o} }
	for _, row := range []struct {
		fact string
		make func(*testing.T, cio.Creator) (containerd.Process, error)
		read func(*output) io.Writer
	}{
		{"init's", init, atOnce},
		{"init's, to a client that is slow", init, late},
		{"an exec's", exec, atOnce},
		{"an exec's, to a client that is slow", exec, late},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			var out, errOut output
			data := noise()
			in := &closing{Reader: bytes.NewReader(data), ended: make(chan struct{})}
			p, err := row.make(t, toStreams(in, row.read(&out), row.read(&errOut)))
			if err != nil {
				t.Fatal(err)
			}
			finish(t, p, in)
			for name, got := range map[string]string{"stdout": out.String(), "stderr": errOut.String()} {
				if digest([]byte(got)) != digest(data) {
					t.Errorf("%s has %s, want %s", name, digest([]byte(got)), digest(data))
				}
			}
		})
	}
}

var tee = []string{"/bin/tee", "/dev/stderr"}

func digest(data []byte) string { return fmt.Sprintf("%d bytes, %x", len(data), sha256.Sum256(data)) }

// finish starts a process, closes its stdin by CloseIO, and waits for its exit.
func finish(t *testing.T, p containerd.Process, in *closing) {
	t.Helper()
	exits, err := p.Wait(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(bounded(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-in.ended:
	case <-time.After(patience):
		t.Error("stdin is not read to its end")
	}
	if err := p.CloseIO(bounded(t), containerd.WithStdinCloser); err != nil {
		t.Error(err)
	}
	if got := await(t, "the process", exits).ExitCode(); got != 0 {
		t.Errorf("exit code %d", got)
	}
	if _, err := p.Delete(bounded(t)); err != nil {
		t.Error(err)
	}
}

// closing is a reader that reports when it was read to its end.
type closing struct {
	io.Reader
	ended chan struct{}
}

func (c *closing) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if err != nil {
		close(c.ended)
	}
	return n, err
}

// slow delays its first writes, so that pipes fill up and the process exits before its
// output was read.
type slow struct {
	io.Writer
	writes int
}

func (s *slow) Write(p []byte) (int, error) {
	if s.writes++; s.writes <= 40 {
		time.Sleep(20 * time.Millisecond)
	}
	return s.Writer.Write(p)
}

// A process without streams reads an empty stdin, and its output is dropped.
func TestNoStreams(t *testing.T) {
	t.Parallel()
	task, err := newContainer(t, newID(t), sh("cat && echo void && exit 8")).NewTask(bounded(t), cio.NullIO)
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
	if got := await(t, "the process", exits).ExitCode(); got != 8 {
		t.Errorf("exit code %d", got)
	}
}
