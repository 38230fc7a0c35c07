package stdio

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func fifo(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, s Streams) *IO {
	t.Helper()
	o, err := Open(s, Owner{ID: "c1", Namespace: "ns1"})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// take returns a copy of a stream's end, which stays open like that of a forked process.
func take(t *testing.T, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), f.Name())
}

func start(t *testing.T, o *IO, pty *os.File) {
	t.Helper()
	if err := o.Start(pty); err != nil {
		t.Fatal(err)
	}
	if err := o.OpenStdin(); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t *testing.T, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func randomBytes(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// openClient opens a FIFO for reading as containerd's clients do: before the process is
// created, and without waiting for the shim.
func openClient(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Both streams arrive complete although the process ends before the client reads.
func TestOutputArrivesWhole(t *testing.T) {
	stdout, stderr := fifo(t, "out"), fifo(t, "err")
	clients := map[string]*os.File{stdout: openClient(t, stdout), stderr: openClient(t, stderr)}
	o := open(t, Streams{Stdout: stdout, Stderr: stderr})
	written := map[string][]byte{stdout: randomBytes(t, 3<<20), stderr: randomBytes(t, 100)}
	process := map[string]*os.File{stdout: take(t, o.Stdout), stderr: take(t, o.Stderr)}
	start(t, o, nil)
	read := map[string]chan []byte{}
	var writers sync.WaitGroup
	for path, w := range process {
		writers.Go(func() {
			w.Write(written[path])
			w.Close()
		})
		got := make(chan []byte, 1)
		read[path] = got
		go func() {
			time.Sleep(50 * time.Millisecond)
			b, err := io.ReadAll(clients[path])
			if err != nil {
				t.Error(err)
			}
			got <- b
		}()
	}
	writers.Wait()
	o.Exited()
	for path, got := range read {
		if b := <-got; !bytes.Equal(b, written[path]) {
			t.Errorf("%s: got %d bytes, wrote %d, or they differ", filepath.Base(path), len(b), len(written[path]))
		}
	}
	mustClose(t, o)
}

// A client that never reads delays neither the process's end nor its deletion.
func TestCloseWithoutReader(t *testing.T) {
	o := open(t, Streams{Stdout: fifo(t, "out")})
	w := take(t, o.Stdout)
	start(t, o, nil)
	unix.SetNonblock(int(w.Fd()), true)
	for { // fill the pipe and the FIFO behind it
		if _, err := unix.Write(int(w.Fd()), make([]byte, 4096)); err != nil {
			time.Sleep(10 * time.Millisecond)
			if _, err := unix.Write(int(w.Fd()), make([]byte, 4096)); err != nil {
				break
			}
		}
	}
	w.Close()
	o.Exited()
	begin := time.Now()
	mustClose(t, o)
	if took := time.Since(begin); took > 3*stall {
		t.Errorf("took %s", took)
	}
}

// A child that keeps stdout open does not delay the deletion, and the output from before
// arrives.
func TestCloseWithHeldStream(t *testing.T) {
	path := fifo(t, "out")
	reader := openClient(t, path)
	o := open(t, Streams{Stdout: path})
	child := take(t, o.Stdout)
	defer child.Close()
	start(t, o, nil)
	io.WriteString(child, "before")
	closed := make(chan struct{})
	go func() { o.Exited(); mustClose(t, o); close(closed) }()
	got, err := io.ReadAll(reader)
	if err != nil || string(got) != "before" {
		t.Errorf("client read %q, %v", got, err)
	}
	<-closed
}

// After the grace a stream ends although a child has it open, and the bytes that waited
// for a slow client are still delivered.
func TestGraceEndsHeldStream(t *testing.T) {
	src, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r, dst, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := newCopier(src, sink{file: dst})
	sent := randomBytes(t, 120<<10) // more than one pipe holds, less than two hold
	go c.run()
	if _, err := w.Write(sent); err != nil {
		t.Fatal(err)
	}
	c.endAt(time.Now().Add(50 * time.Millisecond))
	time.Sleep(100 * time.Millisecond) // the deadline passes while dst is full
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d of %d bytes, %v", len(got), len(sent), err)
	}
}

// The client's end of stdin may close and open again; stdin ends only after
// CloseStdin.
func TestStdinOutlivesClients(t *testing.T) {
	path := fifo(t, "in")
	o := open(t, Streams{Stdin: path})
	r := take(t, o.Stdin)
	start(t, o, nil)
	for _, word := range []string{"one ", "two "} {
		client, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(client, word)
		client.Close()
		buf := make([]byte, 16)
		n, err := r.Read(buf)
		if err != nil || string(buf[:n]) != word {
			t.Fatalf("process read %q, %v", buf[:n], err)
		}
	}
	o.CloseStdin()
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after CloseStdin the process read %d bytes, %v; want the end", n, err)
	}
	o.CloseStdin() // a client may call it twice
	mustClose(t, o)
}

func TestNullStreams(t *testing.T) {
	o := open(t, Streams{})
	if o.Stdin != nil || o.Stdout != nil || o.Stderr != nil {
		t.Error("streams without a client are not /dev/null")
	}
	start(t, o, nil)
	mustClose(t, o)
}

// stdout and stderr may go to one log file, and are appended to it.
func TestFileURI(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "log")
	o := open(t, Streams{Stdout: "file://" + path, Stderr: "file://" + path})
	out, errs := take(t, o.Stdout), take(t, o.Stderr)
	start(t, o, nil)
	io.WriteString(out, "out\n")
	io.WriteString(errs, "err\n")
	out.Close()
	errs.Close()
	o.Exited()
	mustClose(t, o)
	got, err := os.ReadFile(path)
	if err != nil || (string(got) != "out\nerr\n" && string(got) != "err\nout\n") {
		t.Errorf("log holds %q, %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, s := range map[string]Streams{
		"a FIFO that is not there":   {Stdout: "/nonexistent/out"},
		"an unknown scheme":          {Stderr: "http://example.com/"},
		"a stdin that is not there":  {Stdin: "/nonexistent/in"},
		"a folder for a stdin":       {Stdin: "/"},
		"a socket for a stdin":       {Stdin: listeningSocket(t)},
		"a logging binary not there": {Stdout: "binary:///nonexistent/logger"},
	} {
		t.Run(name, func(t *testing.T) {
			before := openFiles(t)
			if _, err := Open(s, Owner{}); err == nil {
				t.Error("no error")
			}
			if after := openFiles(t); after != before {
				t.Errorf("%d descriptors were left open", after-before)
			}
		})
	}
}

func listeningSocket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return path
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
