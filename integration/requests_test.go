package integration

import (
	"context"
	"encoding/json"
	"strings"

	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/anypb"
)

// request calls containerd's task service, which calls the shim. The Go client's own
// methods would refuse some requests themselves.
type request func(ctx context.Context, s tasks.TasksClient, id string) (any, error)

func askPause(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
	return s.Pause(ctx, &tasks.PauseTaskRequest{ContainerID: id})
}

func askResume(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
	return s.Resume(ctx, &tasks.ResumeTaskRequest{ContainerID: id})
}

func askDelete(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
	return s.Delete(ctx, &tasks.DeleteTaskRequest{ContainerID: id})
}

func askKillAll(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
	return s.Kill(ctx, &tasks.KillRequest{ContainerID: id, Signal: uint32(unix.SIGKILL), All: true})
}

func askCreate(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
	return s.Create(ctx, &tasks.CreateTaskRequest{ContainerID: id})
}

// An empty exec id means init.

func askStart(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.Start(ctx, &tasks.StartRequest{ContainerID: id, ExecID: execID})
	}
}

func askKill(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.Kill(ctx, &tasks.KillRequest{ContainerID: id, ExecID: execID, Signal: uint32(unix.SIGKILL)})
	}
}

func askResize(execID string, width uint32) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.ResizePty(ctx, &tasks.ResizePtyRequest{ContainerID: id, ExecID: execID, Width: width, Height: 1})
	}
}

func askWait(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.Wait(ctx, &tasks.WaitRequest{ContainerID: id, ExecID: execID})
	}
}

func askCloseIO(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.CloseIO(ctx, &tasks.CloseIORequest{ContainerID: id, ExecID: execID, Stdin: true})
	}
}

func askState(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.Get(ctx, &tasks.GetRequest{ContainerID: id, ExecID: execID})
	}
}

func askDeleteExec(execID string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		return s.DeleteProcess(ctx, &tasks.DeleteProcessRequest{ContainerID: id, ExecID: execID})
	}
}

func askExec(execID, command, cwd string) request {
	return func(ctx context.Context, s tasks.TasksClient, id string) (any, error) {
		spec, err := json.Marshal(&specs.Process{Args: strings.Fields(command), Cwd: cwd})
		if err != nil {
			return nil, err
		}
		return s.Exec(ctx, &tasks.ExecProcessRequest{ContainerID: id, ExecID: execID, Spec: &anypb.Any{
			TypeUrl: "types.containerd.io/opencontainers/runtime-spec/1/Process", Value: spec}})
	}
}
