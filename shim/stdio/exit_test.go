package stdio

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"
)

// Exited returns when the client has read the output from before, even if a child keeps
// the stream open and goes on writing.
func TestExitComesAfterOutput(t *testing.T) {
	for name, held := range map[string]bool{"a stream that ends": false, "a stream that a child holds": true} {
		t.Run(name, func(t *testing.T) {
			path := fifo(t, "out")
			reader := openClient(t, path)
			o := open(t, Streams{Stdout: path})
			w := take(t, o.Stdout)
			start(t, o, nil)
			if held {
				child := take(t, w)
				defer child.Close()
			}
			const words = 60 << 10 // one pipe holds it
			w.Write(make([]byte, words))
			w.Close()
			exited := make(chan struct{})
			go func() { o.Exited(); close(exited) }()
			for read := 0; read < words; {
				select {
				case <-exited:
					t.Fatalf("after %d of %d bytes", read, words)
				case <-time.After(10 * time.Millisecond):
				}
				n, err := reader.Read(make([]byte, 20<<10))
				if err != nil {
					t.Fatal(err)
				}
				read += n
			}
			select {
			case <-exited:
			case <-time.After(stall / 2):
				t.Error("not although the client has read all")
			}
			mustClose(t, o)
		})
	}
}

// A client that opens its end late still gets all output, and EOF.
func TestLateClient(t *testing.T) {
	path := fifo(t, "out")
	got := make(chan []byte)
	go func() {
		time.Sleep(50 * time.Millisecond)
		reader, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		defer reader.Close()
		b, _ := io.ReadAll(reader)
		got <- b
	}()
	o := open(t, Streams{Stdout: path})
	io.WriteString(o.Stdout, "all")
	start(t, o, nil)
	o.Exited()
	mustClose(t, o)
	if b := <-got; string(b) != "all" {
		t.Errorf("client read %q", b)
	}
}

// A client that does not read delays the exit and the close once, for a limited time. A
// client that is gone does not delay them. Both also hold if the output does not fit into
// the FIFO.
func TestExitWithoutReader(t *testing.T) {
	for name, row := range map[string]struct {
		gone  bool
		bytes int
		limit time.Duration
	}{
		"a client that does not read a little": {false, 10, 3 * stall},
		"a client that does not read much":     {false, 150 << 10, 3 * stall},
		"a client that is gone, a little":      {true, 10, stall / 2},
		"a client that is gone, much":          {true, 150 << 10, stall / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := fifo(t, "out")
			reader := openClient(t, path)
			o := open(t, Streams{Stdout: path})
			w := take(t, o.Stdout)
			start(t, o, nil)
			go func() { // if the client does not read, it blocks until the streams are cut
				w.Write(make([]byte, row.bytes))
				w.Close()
			}()
			time.Sleep(20 * time.Millisecond)
			if row.gone {
				reader.Close()
			}
			begin := time.Now()
			o.Exited()
			mustClose(t, o)
			if took := time.Since(begin); took > row.limit {
				t.Errorf("took %s", took)
			}
		})
	}
}

// A client that comes back finds all output that was written meanwhile, also after the
// end of the process, and after any number of looks for the client by Exited.
func TestClientComesBack(t *testing.T) {
	path := fifo(t, "out")
	first := openClient(t, path)
	o := open(t, Streams{Stdout: path})
	w := take(t, o.Stdout)
	start(t, o, nil)
	first.Close()
	words := randomBytes(t, 200<<10) // more than the FIFO and the pipe hold
	written := make(chan struct{})
	go func() {
		w.Write(words)
		w.Close()
		close(written)
	}()
	for range 100 {
		o.copies[0].readEnd.gone(o.copies[0].dst)
		time.Sleep(time.Millisecond)
	}
	o.Exited()
	got := make(chan []byte)
	again, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		b, _ := io.ReadAll(again)
		again.Close()
		got <- b
	}()
	<-written
	mustClose(t, o)
	if b := <-got; !bytes.Equal(b, words) {
		t.Errorf("client read %d of %d bytes", len(b), len(words))
	}
}
