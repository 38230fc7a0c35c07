package installer

import (
	"context"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

type criPlugin struct {
	cri.UnimplementedRuntimeServiceServer
	answer *cri.StatusResponse
	err    error
}

func (p criPlugin) Status(_ context.Context, request *cri.StatusRequest) (*cri.StatusResponse, error) {
	if !request.Verbose {
		return nil, status.Error(codes.InvalidArgument, "not verbose")
	}
	return p.answer, p.err
}

// serve starts a server of grpc-go, which containerd uses too.
func serve(t *testing.T, register func(*grpc.Server)) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { _ = server.Serve(listener) }() // it returns an error when the server stops
	t.Cleanup(server.Stop)
	return socket
}

func TestRuntimeHandlers(t *testing.T) {
	long := strings.Repeat("x", 300_000) // more than the window with which HTTP/2 begins
	for _, row := range []struct {
		name   string
		plugin *criPlugin
		want   []string
		says   string
	}{
		{"handlers", &criPlugin{answer: &cri.StatusResponse{RuntimeHandlers: []*cri.RuntimeHandler{{Name: "runc"}, {Name: "seccomp"}}}}, []string{"runc", "seccomp"}, ""},
		{"a long answer", &criPlugin{answer: &cri.StatusResponse{
			Info: map[string]string{"golang": long, "config": `{"containerd":{"runtimes":{"runc":{}}}}`},
		}}, []string{"runc"}, ""},
		{"an empty answer", &criPlugin{answer: &cri.StatusResponse{}}, nil, ""},
		{"a failure", &criPlugin{err: status.Error(codes.Internal, "not ready yet")}, nil, "CRI Status: not ready yet (code 13)"},
		{"no CRI plugin", nil, nil, "not implemented: unknown service runtime.v1.RuntimeService"},
	} {
		socket := serve(t, func(s *grpc.Server) {
			if row.plugin != nil {
				cri.RegisterRuntimeServiceServer(s, row.plugin)
			}
		})
		got, err := runtimeHandlers(socket)
		if !slices.Equal(got, row.want) || (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %q, %v", row.name, got, err)
		}
	}
	if _, err := runtimeHandlers(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("an answer without a server")
	}
}
