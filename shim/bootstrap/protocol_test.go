package bootstrap

import (
	"strings"
	"testing"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	runc "github.com/containerd/containerd/api/types/runc/options"
	generic "github.com/containerd/containerd/api/types/runtimeoptions/v1"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
)

func TestProtocolOfAStart(t *testing.T) {
	const newer, older, neither = "new", "old", "neither"
	generics := &generic.Options{TypeUrl: "io.containerd.seccomp.v1", ConfigBody: []byte(`unset_profile = "RuntimeDefault"`)}
	for _, row := range []struct {
		fact     string
		input    []byte
		protocol string
		unset    string
	}{
		{"parameters are of the new protocol", encode(t, parameters("c1", "k8s.io")), newer, ""},
		{"parameters with options", encode(t, parameters("c1", "k8s.io", packed(t, generics))), newer, "RuntimeDefault"},
		{"nothing is the old protocol without options", nil, older, ""},
		{"runtime options are of the old protocol", encode(t, packed(t, generics)), older, "RuntimeDefault"},
		{"runc's options too", encode(t, packed(t, &runc.Options{SystemdCgroup: true})), older, ""},
		{"empty options too", encode(t, packed(t, &runc.Options{})), older, ""},
		{"parameters of another container are an error", encode(t, parameters("c2", "k8s.io")), neither, ""},
		{"parameters of another namespace are an error", encode(t, parameters("c1", "default")), neither, ""},
		{"text is an error", []byte(`{"version":2}`), neither, ""},
	} {
		c := ParseArguments(strings.Fields(arguments + " start"))
		params, old, err := c.params(row.input)
		got := newer
		if err != nil {
			got = neither
		} else if old {
			got = older
		}
		if got != row.protocol {
			t.Errorf("%s: protocol is %s, not %s (%v)", row.fact, got, row.protocol, err)
		}
		if err != nil {
			continue
		}
		if params.GetInstanceID() != "c1" || params.GetNamespace() != "k8s.io" || params.GetContainerdGrpcAddress() != "/run/c.sock" {
			t.Errorf("%s: %v", row.fact, params)
		}
		if params.GetLogLevel() <= api.LogLevel_LOG_LEVEL_DEBUG {
			t.Errorf("%s: the shim would log at level %s", row.fact, params.GetLogLevel())
		}
		opts, err := optionsIn(params)
		if err != nil || opts.UnsetProfile != row.unset {
			t.Errorf("%s: options are %+v (%v)", row.fact, opts, err)
		}
	}
}

func parameters(id, namespace string, options ...proto.Message) *api.BootstrapParams {
	p := &api.BootstrapParams{
		InstanceID:            id,
		Namespace:             namespace,
		ContainerdGrpcAddress: "/run/c.sock",
		LogLevel:              api.LogLevel_LOG_LEVEL_INFO,
	}
	for _, o := range options {
		if err := p.AddExtension(o); err != nil {
			panic(err)
		}
	}
	return p
}

func packed(t *testing.T, options any) proto.Message {
	t.Helper()
	m, err := typeurl.MarshalAnyToProto(options)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encode(t *testing.T, m proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
