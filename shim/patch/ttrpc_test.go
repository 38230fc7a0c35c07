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

// A server keeps nothing for a call without streaming: to data for it, it says
// that there is no such stream. As published it finds one and panics.
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
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(context.Background(), listener)
	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	const request, data = 1, 3
	frame := func(kind byte, payload []byte) {
		head := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
		head = binary.BigEndian.AppendUint32(head, 1) // the stream
		if _, err := conn.Write(append(append(head, kind, 0), payload...)); err != nil {
			t.Fatal(err)
		}
	}
	// message Request { string service = 1; string method = 2; }
	frame(request, []byte("\x0a\x0ctest.Service\x12\x04Wait"))
	frame(data, nil)
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
