// The published ttrpc fails here: see ttrpc.go.

//go:build lastact

package main

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	rpc "github.com/containerd/ttrpc"
)

// A server stores no stream for a call without streaming: it answers data for such a
// call with the error that there is no stream. The published server finds a nil stream
// and panics.
func TestPlainCallKeepsNoStream(t *testing.T) {
	server, err := rpc.NewServer()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ended := make(chan struct{})
	defer close(ended)
	server.Register("test.Service", map[string]rpc.Method{"Wait": func(context.Context, func(any) error) (any, error) {
		<-ended
		return nil, context.Canceled
	}})
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(context.Background(), socket)
	conn, err := net.Dial("unix", socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	const request, data = 1, 3
	send := func(kind byte, payload []byte) {
		head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
		head = binary.BigEndian.AppendUint32(head, 1) // the stream
		if _, err := conn.Write(append(append(head, kind, 0), payload...)); err != nil {
			t.Fatal(err)
		}
	}
	// message Request { string service = 1; string method = 2; }
	send(request, []byte("\x0a\x0ctest.Service\x12\x04Wait"))
	send(data, nil)
	head := make([]byte, 10)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	if want := "StreamID is no longer active"; !strings.Contains(string(answer), want) {
		t.Errorf("the answer is %q, not %q", answer, want)
	}
}
