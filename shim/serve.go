package shim

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"

	containerd "github.com/containerd/containerd/v2/pkg/shim"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/log"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"

	"seccomp-shim/shim/bootstrap"
	"seccomp-shim/shim/container"
	"seccomp-shim/shim/container/initfile"
	"seccomp-shim/shim/task"
)

// serve is the long-lived shim. It returns an error if it cannot serve, and nil after a
// signal; Shutdown ends the process.
func serve(ctx context.Context, socket *bootstrap.Socket, debug bool) error {
	abandoned := &abandonment{socket: socket}
	go abandoned.watch(ctx)
	if err := openLog(ctx, debug); err != nil {
		socket.Release()
		return err
	}
	registry.Register(&plugin.Registration{
		Type:     plugins.TTRPCPlugin,
		ID:       "task",
		Requires: []plugin.Type{plugins.InternalPlugin},
		InitFn: func(ic *plugin.InitContext) (any, error) {
			s, err := initService(ic, socket)
			if err != nil { // RunShim ends the process
				socket.Release()
				return nil, err
			}
			abandoned.service.Store(s)
			return s, nil
		},
	})
	containerd.RunShim(ctx, bootstrap.Manager{}, withoutReaper, func(c *containerd.Config) { c.NoSetupLogger = true })
	socket.Release()
	return nil
}

func initService(ic *plugin.InitContext, socket *bootstrap.Socket) (*task.Service, error) {
	// RunShim has set 40, by which the collector runs for each 1.6 MiB: three times in a
	// create. By Go's default it runs for each 4 MiB. RunShim returns memory to the
	// kernel every 30 seconds in any case.
	debug.SetGCPercent(100)
	// libcontainer passes the environment on to the init processes. They do one thing
	// after another and end, so more threads would only be started and killed. This
	// process has read its own GOMAXPROCS already.
	if err := os.Setenv("GOMAXPROCS", "1"); err != nil {
		return nil, err
	}
	if err := useInitFile(); err != nil {
		log.G(ic.Context).WithError(err).Warn("containers and execs start from the shim's own binary, which takes longer")
	}
	// The process was started in the bundle of its first container, which is removed with
	// that container; others of the group may live on. The log, the only file that is
	// opened by its name there, is open.
	if err := os.Chdir("/"); err != nil {
		return nil, err
	}
	sd, err := ic.GetByID(plugins.InternalPlugin, "shutdown")
	if err != nil {
		return nil, err
	}
	return task.New(ic.Context, os.Getenv("TTRPC_ADDRESS"), sd.(shutdown.Service), socket)
}

// useInitFile opens the seccomp-shim-init beside this process's binary. The working
// directory is the bundle.
func useInitFile() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bundle, err := os.Getwd()
	if err != nil {
		return err
	}
	err = container.UseInitFile(filepath.Dir(self), bundle)
	if errors.Is(err, initfile.ErrNone) {
		return nil
	}
	return err
}
