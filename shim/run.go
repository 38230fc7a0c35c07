package shim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"

	"seccomp-shim/seccomp/compile"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/options"
	"seccomp-shim/version"
)

// Run is the shim binary's main: by its arguments it starts a shim, is one, or
// cleans up after one (containerd's core/runtime/v2/README.md).
func Run(ctx context.Context) {
	if err := container.CloseDescriptorsOnExec(); err != nil {
		fail(err)
	}
	c := parseCall(os.Args[1:])
	var err error
	switch c.role() {
	case versioner:
		err = version.Write(os.Stdout, filepath.Base(os.Args[0]), compile.LibraryVersion())
	case starter:
		err = start(ctx, c, os.Stdin, os.Stdout)
	case server:
		serve(ctx, c)
	case foreign:
		containerd.RunShim(ctx, manager{}, withoutReaper)
	}
	if err != nil {
		fail(err)
	}
}

// serve is the long-lived shim.
func serve(ctx context.Context, c *call) {
	socket, err := inheritedSocket()
	if err != nil {
		fail(err)
	}
	abandoned := &abandonment{socket: socket}
	go abandoned.watch(ctx)
	if err := openLog(ctx, c.debug); err != nil {
		socket.release()
		fail(err)
	}
	registry.Register(&plugin.Registration{
		Type:     plugins.TTRPCPlugin,
		ID:       "task",
		Requires: []plugin.Type{plugins.InternalPlugin},
		InitFn: func(ic *plugin.InitContext) (any, error) {
			s, err := initService(ic, socket)
			if err != nil { // RunShim ends the process
				socket.release()
				return nil, err
			}
			abandoned.service.Store(s)
			return s, nil
		},
	})
	containerd.RunShim(ctx, manager{}, withoutReaper, func(c *containerd.Config) { c.NoSetupLogger = true })
	socket.release() // it has been told to end by a signal
}

func withoutReaper(c *containerd.Config) {
	// Each process has its own waiter: see package container.
	c.NoReaper = true
	c.NoSubreaper = true
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "%s: %s", options.Runtime, lined(err))
	os.Exit(1)
}

func initService(ic *plugin.InitContext, socket *socketFile) (*service, error) {
	// libcontainer hands this on to the init processes, which do one thing after
	// another and end: more threads would only be started and killed. This process
	// has its own number already.
	if err := os.Setenv("GOMAXPROCS", "1"); err != nil {
		return nil, err
	}
	// The bundle that this process was started in goes with its container; others
	// of the group may come later. The log, the only file opened in it, is open.
	if err := os.Chdir("/"); err != nil {
		return nil, err
	}
	publisher, err := newForwarder(os.Getenv("TTRPC_ADDRESS"))
	if err != nil {
		return nil, err
	}
	sd, err := ic.GetByID(plugins.InternalPlugin, "shutdown")
	if err != nil {
		return nil, err
	}
	return newService(ic.Context, publisher, sd.(shutdown.Service), socket.release), nil
}
