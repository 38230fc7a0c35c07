package stdio

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// prompt is the limit for what takes no time on an idle machine.
const prompt = emptyPatience / 2

// readAll reads a process's stdin to EOF, and fails the test if EOF does not come within
// limit.
func readAll(t *testing.T, r *os.File, limit time.Duration) []byte {
	t.Helper()
	got := make(chan []byte, 1)
	go func() {
		b, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		got <- b
	}()
	select {
	case b := <-got:
		return b
	case <-time.After(limit):
		t.Fatalf("stdin does not end within %s", limit)
		return nil
	}
}

// A client cannot write before the start: until it has recorded the process, it cannot
// call CloseStdin at the end of its input.
func TestStdinOpensAtStart(t *testing.T) {
	path := fifo(t, "in")
	o := open(t, Streams{Stdin: path})
	r := take(t, o.Stdin)
	if err := o.Start(nil); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = io.WriteString(w, "words")
			w.Close()
		}
		wrote <- err
	}()
	select {
	case err := <-wrote:
		t.Fatalf("the client has written before the start: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	for range 2 { // a client may try again after a failed start
		if err := o.OpenStdin(); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	o.CloseStdin()
	if got := readAll(t, r, prompt); string(got) != "words" {
		t.Errorf("process read %q", got)
	}
	mustClose(t, o)
}

// The FIFO is the one that existed when the process was added, even if its path has
// been removed or replaced.
func TestStdinIsPinned(t *testing.T) {
	path := fifo(t, "in")
	o := open(t, Streams{Stdin: path})
	r := take(t, o.Stdin)
	moved := path + "-moved"
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	start(t, o, nil)
	writeAndClose(t, moved, "words")
	o.CloseStdin()
	if got := readAll(t, r, prompt); string(got) != "words" {
		t.Errorf("process read %q", got)
	}
	mustClose(t, o)
}

func writeAndClose(t *testing.T, path, words string) {
	t.Helper()
	w, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, words); err != nil {
		t.Error(err)
	}
	w.Close()
}

// A client whose input is empty closes its end of stdin before the start.
func TestEmptyStdin(t *testing.T) {
	t.Run("is known to be at its end", func(t *testing.T) {
		t.Parallel()
		out := fifo(t, "out")
		openClient(t, out)
		o := open(t, Streams{Stdin: fifo(t, "in"), Stdout: out})
		r := take(t, o.Stdin)
		o.CloseStdin() // a quick client calls it before the start
		start(t, o, nil)
		if got := readAll(t, r, prompt); len(got) > 0 {
			t.Errorf("process read %q", got)
		}
		mustClose(t, o)
	})
	t.Run("has a client that reads the output", func(t *testing.T) {
		t.Parallel()
		out := fifo(t, "out")
		openClient(t, out)
		o := open(t, Streams{Stdin: fifo(t, "in"), Stdout: out})
		r, w := take(t, o.Stdin), take(t, o.Stdout)
		defer w.Close()
		start(t, o, nil)
		if got := readAll(t, r, emptyPatience+prompt); len(got) > 0 {
			t.Errorf("process read %q", got)
		}
		mustClose(t, o)
	})
}

// Stdin stays open for a client that has closed all of its streams or comes late, and
// at a terminal, which its end would hang up.
func TestStdinStaysOpen(t *testing.T) {
	for name, row := range map[string]struct {
		late           time.Duration // when the client opens stdin
		reads, outputs bool
	}{
		"for a client that is late":            {emptyPatience / 4, true, true},
		"for a client that leaves all streams": {emptyPatience + prompt, false, true},
		"for a client without outputs":         {emptyPatience + prompt, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in, streams := fifo(t, "in"), Streams{}
			if row.outputs {
				streams.Stdout = fifo(t, "out")
				reader := openClient(t, streams.Stdout)
				if !row.reads {
					time.AfterFunc(emptyPatience/4, func() { reader.Close() })
				}
			}
			streams.Stdin = in
			o := open(t, streams)
			r := take(t, o.Stdin)
			if row.outputs {
				defer take(t, o.Stdout).Close()
			}
			start(t, o, nil)
			time.Sleep(row.late)
			writeAndClose(t, in, "words")
			o.CloseStdin()
			if got := readAll(t, r, prompt); string(got) != "words" {
				t.Errorf("process read %q", got)
			}
			mustClose(t, o)
		})
	}
	t.Run("at a terminal", func(t *testing.T) {
		t.Parallel()
		in, out := fifo(t, "in"), fifo(t, "out")
		openClient(t, out)
		o := open(t, Streams{Stdin: in, Stdout: out, Terminal: true})
		master, openSlave := newPty(t)
		start(t, o, master)
		slave := openSlave()
		defer slave.Close()
		time.Sleep(emptyPatience + prompt)
		writeAndClose(t, in, "words\n")
		buf := make([]byte, 16)
		if n, err := slave.Read(buf); err != nil || string(buf[:n]) != "words\n" {
			t.Errorf("process read %q, %v", buf[:n], err)
		}
		mustClose(t, o)
	})
}

// A client may go on writing after the process has closed its stdin, and another may come
// later.
func TestProcessClosesStdin(t *testing.T) {
	path := fifo(t, "in")
	o := open(t, Streams{Stdin: path})
	r := take(t, o.Stdin)
	start(t, o, nil)
	for range 2 {
		w, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(randomBytes(t, 1000)); err != nil {
			t.Error(err)
		}
		r.Close()
		w.SetWriteDeadline(time.Now().Add(10 * time.Second))
		if n, err := w.Write(randomBytes(t, 1<<20)); err != nil {
			t.Errorf("the client wrote %d bytes: %v", n, err)
		}
		w.Close()
	}
	begin := time.Now()
	o.Exited()
	writeAndClose(t, path, "words after an exit that the client does not know of yet")
	mustClose(t, o)
	if took := time.Since(begin); took > stall {
		t.Errorf("took %s", took)
	}
	if _, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0); !errors.Is(err, unix.ENXIO) {
		t.Errorf("after the deletion the FIFO is open: %v", err)
	}
}

// An endless input delays neither the exit nor the deletion, even with an output that
// nobody reads.
func TestEndlessStdin(t *testing.T) {
	in, out := fifo(t, "in"), fifo(t, "out")
	openClient(t, out)
	o := open(t, Streams{Stdin: in, Stdout: out})
	stdin, stdout := take(t, o.Stdin), take(t, o.Stdout)
	start(t, o, nil)
	io.WriteString(stdout, "not read")
	stdout.Close()
	stdin.Close()
	w, err := os.OpenFile(in, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 4096))
		}
		wrote <- err
	}()
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	o.Exited()
	if took := time.Since(begin); took > 3*stall {
		t.Errorf("the exit took %s", took)
	}
	select {
	case err := <-wrote:
		t.Fatalf("before the deletion the client gets %v", err)
	default:
	}
	begin = time.Now()
	mustClose(t, o)
	if took := time.Since(begin); took > 3*stall {
		t.Errorf("the deletion took %s", took)
	}
	if err := <-wrote; !errors.Is(err, unix.EPIPE) {
		t.Errorf("after the deletion the client gets %v", err)
	}
}

// A process that is never started leaves nothing open.
func TestNeverStarted(t *testing.T) {
	in, out := fifo(t, "in"), fifo(t, "out")
	openClient(t, out)
	before := openFiles(t)
	for _, tty := range []bool{false, true} {
		o := open(t, Streams{Stdin: in, Stdout: out, Terminal: tty})
		mustClose(t, o)
		if after := openFiles(t); after != before {
			t.Errorf("terminal %t: %d descriptors were left open", tty, after-before)
		}
	}
}

// Stdin may be a file, which is read to EOF.
func TestStdinFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(path, []byte("words"), 0o400); err != nil {
		t.Fatal(err)
	}
	o := open(t, Streams{Stdin: path})
	r := take(t, o.Stdin)
	start(t, o, nil)
	if got := readAll(t, r, prompt); string(got) != "words" {
		t.Errorf("process read %q", got)
	}
	mustClose(t, o)
}
