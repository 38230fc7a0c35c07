package shim

import (
	"context"
	"fmt"
	"io"

	"github.com/containerd/containerd/api/types"
	"github.com/containerd/errdefs"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/resolve"
	"seccomp-shim/shim/container"
	"seccomp-shim/version"
)

// libseccompAnnotation is where an OCI runtime tells the version.
const libseccompAnnotation = "io.github.seccomp.libseccomp.version"

// Info answers containerd's -info, for the handler whose options are on stdin.
//
// containerd's CRI plugin takes from it whether pods may have recursive
// read-only mounts (mountOptions has rro) and user namespaces (user in
// namespaces, and mountExtensions.idmap), and tells the kubelet. Without the
// latter containerd starts no container with idmapped mounts. Versions 2.0 and
// 2.1 of the plugin ask only the shim of io.containerd.runc.v2.
func (manager) Info(_ context.Context, stdin io.Reader) (*types.RuntimeInfo, error) {
	options, err := infoOptions(stdin)
	if err != nil {
		return nil, err
	}
	f := container.Features()
	f.Linux.Seccomp = compile.Features()
	f.Annotations = map[string]string{libseccompAnnotation: compile.LibraryVersion()}
	f.PotentiallyUnsafeConfigAnnotations = append(f.PotentiallyUnsafeConfigAnnotations, resolve.Annotations()...)
	f.PotentiallyUnsafeConfigAnnotations = append(f.PotentiallyUnsafeConfigAnnotations, groupAnnotations...)
	encoded, err := typeurl.MarshalAnyToProto(f)
	if err != nil {
		return nil, err
	}
	return &types.RuntimeInfo{
		Name:     Name,
		Version:  &types.RuntimeVersion{Version: version.String()},
		Options:  options,
		Features: encoded,
	}, nil
}

// infoOptions reads the handler's options, which the answer holds too. Options
// with which no container would start have no features.
func infoOptions(stdin io.Reader) (*anypb.Any, error) {
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil || len(input) == 0 {
		return nil, err
	}
	message := &anypb.Any{}
	if err := proto.Unmarshal(input, message); err != nil {
		return nil, fmt.Errorf("read runtime options: %w: %w", err, errdefs.ErrInvalidArgument)
	}
	options, err := readOptions(message)
	if err == nil && options == nil {
		err = fmt.Errorf("runtime options: type %q is not known: %w", message.GetTypeUrl(), errdefs.ErrInvalidArgument)
	}
	return message, err
}
