package task

import (
	"context"

	taskv3 "github.com/containerd/containerd/api/runtime/task/v3"
	"github.com/containerd/ttrpc"
)

// nameV2 is the task service's name in containerd before 2.3. On the wire its methods
// and messages are those of v3, so the same functions serve both.
const nameV2 = "containerd.task.v2.Task"

// methodsV2 are the methods of the task service, v2.
func methodsV2(s taskv3.TTRPCTaskService) map[string]ttrpc.Method {
	return map[string]ttrpc.Method{
		"State":      methodV2(s.State),
		"Create":     methodV2(s.Create),
		"Start":      methodV2(s.Start),
		"Delete":     methodV2(s.Delete),
		"Pids":       methodV2(s.Pids),
		"Pause":      methodV2(s.Pause),
		"Resume":     methodV2(s.Resume),
		"Checkpoint": methodV2(s.Checkpoint),
		"Kill":       methodV2(s.Kill),
		"Exec":       methodV2(s.Exec),
		"ResizePty":  methodV2(s.ResizePty),
		"CloseIO":    methodV2(s.CloseIO),
		"Update":     methodV2(s.Update),
		"Wait":       methodV2(s.Wait),
		"Stats":      methodV2(s.Stats),
		"Connect":    methodV2(s.Connect),
		"Shutdown":   methodV2(s.Shutdown),
	}
}

func methodV2[Request, Response any](serve func(context.Context, *Request) (*Response, error)) ttrpc.Method {
	return func(ctx context.Context, unmarshal func(any) error) (any, error) {
		request := new(Request)
		if err := unmarshal(request); err != nil {
			return nil, err
		}
		return serve(ctx, request)
	}
}
