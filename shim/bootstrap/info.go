package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/containerd/api/types"
	_ "github.com/containerd/containerd/v2/core/runtime" // registers features.Features with typeurl
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/options"
	"seccomp-shim/version"
)

// Annotations of the features (OCI runtime spec, features.md).
const (
	libseccompAnnotation = "io.github.seccomp.libseccomp.version"
	// observeAnnotation says how the handler's containers are observed, if they are.
	observeAnnotation = "io.containerd.seccomp.v1.observe"
)

// Info answers containerd's -info, for the handler whose options are on stdin.
//
// containerd's CRI plugin reads from the answer whether pods may have recursive
// read-only mounts (mountOptions has rro) and user namespaces (namespaces has user, and
// mountExtensions.idmap is enabled), and reports both to the kubelet. Without idmap
// containerd starts no container with idmapped mounts. Versions 2.0 and 2.1 of the
// plugin ask only the shim of io.containerd.runc.v2.
func (Manager) Info(_ context.Context, stdin io.Reader) (*types.RuntimeInfo, error) {
	message, handler, err := infoOptions(stdin)
	if err != nil {
		return nil, err
	}
	f := container.Features()
	f.Linux.Seccomp = compile.Features()
	f.Annotations = map[string]string{libseccompAnnotation: libseccomp.Version()}
	if mode := string(handler.Observe); mode != "" {
		f.Annotations[observeAnnotation] = mode
	}
	f.PotentiallyUnsafeConfigAnnotations = append(f.PotentiallyUnsafeConfigAnnotations, resolve.Annotations()...)
	f.PotentiallyUnsafeConfigAnnotations = append(f.PotentiallyUnsafeConfigAnnotations, groupAnnotation, sandboxAnnotation, namespaceAnnotation)
	encoded, err := typeurl.MarshalAnyToProto(f)
	if err != nil {
		return nil, err
	}
	return &types.RuntimeInfo{
		Name:     options.Runtime,
		Version:  &types.RuntimeVersion{Version: version.String()},
		Options:  message,
		Features: encoded,
	}, nil
}

// infoOptions reads the handler's options, and returns their message for the answer too.
// Options with which no container would start are an error.
func infoOptions(stdin io.Reader) (message *anypb.Any, handler *options.Options, err error) {
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil || len(input) == 0 {
		return nil, &options.Options{}, err
	}
	message = &anypb.Any{}
	if err := proto.Unmarshal(input, message); err != nil {
		return nil, nil, fmt.Errorf("read runtime options: %w: %w", err, errdefs.ErrInvalidArgument)
	}
	if handler, err = options.Read(message); errors.Is(err, options.ErrNotKnown) {
		err = fmt.Errorf("%w: %w", err, errdefs.ErrInvalidArgument)
	}
	return message, handler, err
}
