package integration

import (
	"context"
	"net"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// criOf answers as the CRI plugin of a containerd that has just read config.toml.
type criOf struct {
	cri.UnimplementedRuntimeServiceServer
	in *installation
}

func (c criOf) Status(context.Context, *cri.StatusRequest) (*cri.StatusResponse, error) {
	out, err := c.in.effective()
	if err != nil {
		return nil, err
	}
	var config struct {
		Plugins map[string]struct {
			Containerd struct {
				Runtimes map[string]any `toml:"runtimes"`
			} `toml:"containerd"`
		} `toml:"plugins"`
	}
	if err := toml.Unmarshal(out, &config); err != nil {
		return nil, err
	}
	answer := &cri.StatusResponse{Status: &cri.RuntimeStatus{}}
	for name := range config.Plugins[criPlugin()].Containerd.Runtimes {
		answer.RuntimeHandlers = append(answer.RuntimeHandlers, &cri.RuntimeHandler{Name: name})
	}
	return answer, nil
}

// serveCRI answers on the socket that the installer asks.
func (in *installation) serveCRI(t *testing.T) {
	t.Helper()
	socket := in.path("cri.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	cri.RegisterRuntimeServiceServer(server, criOf{in: in})
	go func() { _ = server.Serve(listener) }() // it returns an error when the server stops
	t.Cleanup(server.Stop)
	in.env = append(in.env, "CONTAINERD_ADDRESS="+socket)
}
