package stdio

import (
	"io"
	"os"
	"testing"
	"time"
)

// An exit is told when the client has read what was written before, also if a
// child keeps the stream open and writes on.
func TestExitComesAfterOutput(t *testing.T) {
	for name, held := range map[string]bool{"a stream that ends": false, "a stream that a child holds": true} {
		t.Run(name, func(t *testing.T) {
			path := fifo(t, "out")
			reader := client(t, path)
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

// A client that opens its end late still gets all, and the end.
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

// A client that does not read holds up the exit only for a while.
func TestExitWithoutReader(t *testing.T) {
	o := open(t, Streams{Stdout: fifo(t, "out")})
	io.WriteString(o.Stdout, "for nobody")
	start(t, o, nil)
	begin := time.Now()
	o.Exited()
	if took := time.Since(begin); took > 3*stall {
		t.Errorf("took %s", took)
	}
	mustClose(t, o)
}
