package shim

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
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
// In both, the rest is in the arguments and the environment, and neither says
// which it is: MAX_SHIM_VERSION is 2 from 1.7 to 2.4. So the input decides. It is of
// the new protocol if it has the container's id and namespace where parameters
// have them; in options, the options' type would be in the id's place.
//
// Versions 1.7 to 2.2 know a JSON answer too, by which 2.0 to 2.2 can be made to
// speak v3. All understand the address alone, so that is the only old answer.

// maxInput bounds what is read from stdin, as in containerd's own shims.
const maxInput = 10 << 20

// call is a run of the binary by containerd, or by a shim's start.
type call struct {
	action                 string // start, delete, or empty for the shim that serves
	id, namespace, address string
	debug, version, info   bool
}

// role is what a run of the binary is.
type role int

const (
	foreign role = iota // containerd's RunShim knows what to do, or what is wrong
	versioner
	starter
	server
)

func (c *call) role() role {
	switch {
	case c == nil:
		return foreign
	case c.version:
		return versioner
	case c.action == "start":
		return starter
	case c.action == "" && !c.info && c.namespace != "":
		return server
	}
	return foreign
}

// parseCall returns nil for arguments that are not understood.
func parseCall(args []string) *call {
	c := &call{}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&c.id, "id", "", "")
	flags.StringVar(&c.namespace, "namespace", "", "")
	flags.StringVar(&c.address, "address", "", "")
	flags.BoolVar(&c.debug, "debug", false, "")
	flags.BoolVar(&c.version, "v", false, "")
	flags.BoolVar(&c.version, "version", false, "")
	flags.BoolVar(&c.info, "info", false, "")
	for _, name := range []string{"publish-binary", "bundle"} {
		flags.String(name, "", "not used at a start")
	}
	if err := flags.Parse(args); err != nil {
		return nil
	}
	c.action = flags.Arg(0)
	return c
}

// start starts a shim, or finds the group's, and answers by the protocol in
// which it was asked.
func start(ctx context.Context, c *call, stdin io.Reader, stdout io.Writer) error {
	if c.id == "" || c.namespace == "" {
		return errors.New("start: -id and -namespace must be set")
	}
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil {
		return fmt.Errorf("start: read stdin: %w", err)
	}
	params, old, err := c.params(input)
	if err != nil {
		return err
	}
	result, err := manager{}.Start(namespaces.WithNamespace(ctx, c.namespace), params)
	if err != nil {
		return err
	}
	answer := []byte(result.GetAddress())
	if !old {
		if answer, err = proto.Marshal(result); err != nil {
			return err
		}
	}
	_, err = stdout.Write(answer)
	return err
}

// params returns what to start, and whether it was asked for by the old protocol.
func (c *call) params(input []byte) (_ *bootstrap.BootstrapParams, old bool, err error) {
	params := &bootstrap.BootstrapParams{}
	if err := proto.Unmarshal(input, params); err == nil && params.GetInstanceID() == c.id && params.GetNamespace() == c.namespace {
		return params, false, nil
	}
	message := &anypb.Any{}
	if err := proto.Unmarshal(input, message); err != nil || len(message.ProtoReflect().GetUnknown()) > 0 {
		return nil, false, fmt.Errorf("start: stdin has neither runtime options nor the parameters of container %s in namespace %s", c.id, c.namespace)
	}
	params = &bootstrap.BootstrapParams{
		InstanceID:            c.id,
		Namespace:             c.namespace,
		ContainerdGrpcAddress: c.address,
		LogLevel:              bootstrap.LogLevel_LOG_LEVEL_INFO,
	}
	if c.debug {
		params.LogLevel = bootstrap.LogLevel_LOG_LEVEL_DEBUG
	}
	if len(input) > 0 {
		err = params.AddExtension(message)
	}
	return params, true, err
}

// bootstrapOptions returns the handler's options among the extensions of params.
func bootstrapOptions(params *bootstrap.BootstrapParams) (*options.Options, error) {
	for _, extension := range params.GetExtensions() {
		if opts, err := options.Read(extension.GetValue()); !errors.Is(err, options.ErrNotKnown) {
			return opts, err
		}
	}
	return &options.Options{}, nil
}
