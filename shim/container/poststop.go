package container

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/opencontainers/runc/libcontainer"
	"github.com/opencontainers/runc/libcontainer/configs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/sirupsen/logrus"

	"seccomp-shim/mistake"
)

// destroyWithHooks removes the cgroup and libcontainer's state, and runs the
// poststop hooks.
//
// libcontainer returns the error of the first hook that fails, runs no further hook, and
// runs the failed hook again at the next attempt: such a container can never be deleted.
// The OCI spec demands a warning, and to continue as if the hook had succeeded (runtime.md,
// Lifecycle, step 13).
func destroyWithHooks(ctx context.Context, lc *libcontainer.Container) error {
	config := lc.Config()
	poststop := config.Hooks[configs.Poststop]
	if len(poststop) == 0 {
		return lc.Destroy()
	}
	state, err := lc.OCIState()
	if err != nil {
		return err
	}
	state.Status, state.Pid = specs.StateStopped, 0
	delete(config.Hooks, configs.Poststop) // the map is lc's own
	if err := lc.Destroy(); err != nil {
		config.Hooks[configs.Poststop] = poststop
		return err
	}
	for i, hook := range poststop {
		if err := runHook(ctx, hook, state); err != nil {
			logrus.WithError(err).WithField("container_id", lc.ID()).Warnf("poststop hook %d failed; the container is deleted all the same", i)
		}
	}
	return nil
}

// runHook runs a hook of the spec. The end of the context and the hook's timeout kill the
// hook. runHook does not wait for processes that the hook leaves behind.
func runHook(ctx context.Context, hook configs.Hook, state *specs.State) error {
	command, ok := hook.(configs.CommandHook)
	if !ok {
		return fmt.Errorf("a hook of type %T", hook)
	}
	if command.Timeout != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, *command.Timeout, fmt.Errorf("it ran past its timeout of %s", *command.Timeout))
		defer cancel()
	}
	input, err := json.Marshal(state)
	if err != nil {
		return err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, command.Path)
	cmd.Args, cmd.Env = command.Args, command.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &output, &output
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return fmt.Errorf("%s: %w: %s", mistake.Shown(command.Path), err, bytes.TrimSpace(output.Bytes()))
}
