package bootstrap

import (
	"errors"
	"fmt"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"seccomp-shim/shim/options"
)

// containerd starts a shim by running its binary, and there are two protocols:
//
//	containerd    stdin                          stdout                then it speaks
//	2.3 and later BootstrapParams (protobuf)     BootstrapResult       task service v3
//	1.6 to 2.2    the runtime options or nothing the socket's address  task service v2
//
// In both, the rest is in the arguments and the environment, and neither says which
// protocol it is: MAX_SHIM_VERSION is 2 from 1.7 to 2.4. So the input decides. It is of
// the new protocol if it has the container's id and namespace in the fields of
// BootstrapParams. Runtime options cannot pass for that: they have the options' type in
// the field of the id.
//
// Versions 1.7 to 2.2 know a JSON answer too, by which 2.0 to 2.2 can be made to
// speak v3. All understand the address alone, so that is the only old answer.

// maxInput bounds what is read from stdin, as in containerd's own shims.
const maxInput = 10 << 20

// answer returns what a start writes to its stdout.
func answer(address string, old bool) ([]byte, error) {
	if old {
		return []byte(address), nil
	}
	return proto.Marshal(&api.BootstrapResult{Version: 3, Protocol: "ttrpc", Address: address})
}

// params returns what to start, and whether the input is of the old protocol.
func (a *Arguments) params(input []byte) (_ *api.BootstrapParams, old bool, err error) {
	params := &api.BootstrapParams{}
	if err := proto.Unmarshal(input, params); err == nil && params.GetInstanceID() == a.id && params.GetNamespace() == a.namespace {
		return params, false, nil
	}
	message := &anypb.Any{}
	if err := proto.Unmarshal(input, message); err != nil || len(message.ProtoReflect().GetUnknown()) > 0 {
		return nil, false, fmt.Errorf("start: stdin has neither runtime options nor the parameters of container %s in namespace %s", a.id, a.namespace)
	}
	params = &api.BootstrapParams{
		InstanceID:            a.id,
		Namespace:             a.namespace,
		ContainerdGrpcAddress: a.address,
		LogLevel:              api.LogLevel_LOG_LEVEL_INFO,
	}
	if a.Debug {
		params.LogLevel = api.LogLevel_LOG_LEVEL_DEBUG
	}
	if len(input) > 0 {
		err = params.AddExtension(message)
	}
	return params, true, err
}

// optionsIn returns the handler's options among the extensions of params.
func optionsIn(params *api.BootstrapParams) (*options.Options, error) {
	for _, extension := range params.GetExtensions() {
		if opts, err := options.Read(extension.GetValue()); !errors.Is(err, options.ErrNotKnown) {
			return opts, err
		}
	}
	return &options.Options{}, nil
}
