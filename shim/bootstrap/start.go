package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	api "github.com/containerd/containerd/api/runtime/bootstrap/v1"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	containerd "github.com/containerd/containerd/v2/pkg/shim"

	"seccomp-shim/shim/bundle"
	"seccomp-shim/shim/options"
	"seccomp-shim/shim/prefork"
)

// Start finds the shim of the container's group, or makes this process the one: the
// child of a start (package prefork). It answers by the protocol in which it was asked.
// The socket is nil if the group has a shim; otherwise this process serves on it.
func (a *Arguments) Start(ctx context.Context, stdin io.Reader) (_ *Socket, err error) {
	if a.id == "" || a.namespace == "" {
		return nil, errors.New("start: -id and -namespace must be set")
	}
	if !prefork.IsChild() {
		return nil, errors.New("start: must be the last argument")
	}
	input, err := io.ReadAll(io.LimitReader(stdin, maxInput))
	if err != nil {
		return nil, fmt.Errorf("start: read stdin: %w", err)
	}
	params, old, err := a.params(input)
	if err != nil {
		return nil, err
	}
	socket, address, err := become(namespaces.WithNamespace(ctx, a.namespace), params)
	if err != nil {
		return nil, err
	}
	text, err := answer(address, old)
	if err == nil {
		err = prefork.Answer(text)
	}
	if err != nil && socket != nil {
		socket.Release()
	}
	return socket, err
}

// become makes this process the shim of a container's group, unless there is one.
func become(ctx context.Context, params *api.BootstrapParams) (_ *Socket, address string, err error) {
	cwd, err := os.Getwd()
	if err != nil {
		return nil, "", err
	}
	dir := bundle.Dir(cwd)
	// Report an operator's mistake before anything is made.
	opts, err := optionsIn(params)
	if err != nil {
		return nil, "", err
	}
	group, err := groupOf(params.GetInstanceID(), dir, opts)
	if err != nil {
		return nil, "", err
	}
	if address, err = socketAddress(ctx, params, group.name); err != nil {
		return nil, "", err
	}
	// Write the address before there is a socket: delete finds the socket of a killed
	// start by it.
	if err := dir.WriteAddress(address); err != nil {
		return nil, "", err
	}
	removeDeadSockets(noteDir)
	writeNote(socketPath(address))
	socket, err := bindOrClaim(address, group)
	if err == nil && socket != nil {
		if err = beShim(opts); err != nil {
			socket.remove()
		}
	}
	if err != nil || socket == nil {
		forgetNote()
	}
	return socket, address, err
}

// bindOrClaim is bindSocket, whose nil means here that the group's shim will wait for
// containerd.
func bindOrClaim(address string, group group) (*Socket, error) {
	for range claims {
		socket, err := bindSocket(address)
		if err != nil {
			return nil, err
		}
		if socket != nil {
			socket.wide = group.wide
			return socket, nil
		}
		if !group.wide || claim(socketPath(address)) {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("the shim at %s ends, and its socket comes back: %d times", socketPath(address), claims)
}

// beShim gives this process what a shim has by its node.
func beShim(opts *options.Options) error {
	if err := joinCgroup(opts.ShimCgroup, os.Getpid()); err != nil {
		return err
	}
	if err := containerd.AdjustOOMScore(os.Getpid()); err != nil {
		return fmt.Errorf("adjust OOM score of shim: %w", err)
	}
	return nil
}
