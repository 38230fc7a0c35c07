package task

import (
	"context"
	"errors"
	"time"

	ttrpcevents "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	coreevents "github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/containerd/v2/pkg/ttrpcutil"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// forwarder publishes events to containerd, and tries again while containerd restarts.
//
// RunShim's publisher does not fit. It sets an event that it cannot publish aside and
// goes on with the next, so that their order changes. It drops an event after 15
// seconds, and all events that it has set aside when the shim ends: a shim ends when
// the restarted containerd has removed the exited container.
type forwarder struct{ client *ttrpcutil.Client }

func newForwarder(address string) (*forwarder, error) {
	client, err := ttrpcutil.NewClient(address)
	if err != nil {
		return nil, err
	}
	return &forwarder{client}, nil
}

// Publish returns when containerd has accepted or refused the event, or ctx is done.
func (f *forwarder) Publish(ctx context.Context, topic string, event coreevents.Event) error {
	ns, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return err
	}
	body, err := typeurl.MarshalAnyToProto(event)
	if err != nil {
		return err
	}
	request := &ttrpcevents.ForwardRequest{Envelope: &types.Envelope{
		Timestamp: protobuf.ToTimestamp(time.Now()),
		Namespace: ns,
		Topic:     topic,
		Event:     body,
	}}
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if err := f.attempt(ctx, request); err == nil || isRefusal(err) {
			return err
		} else if pause > 500*time.Millisecond {
			log.G(ctx).WithError(err).Warnf("containerd does not take event %s, trying again", topic)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (f *forwarder) attempt(ctx context.Context, request *ttrpcevents.ForwardRequest) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	service, err := f.client.EventsService()
	if err == nil {
		_, err = service.Forward(ctx, request)
	}
	if errors.Is(err, ttrpc.ErrClosed) {
		return errors.Join(err, f.client.Reconnect())
	}
	return err
}

// isRefusal reports whether err is an answer of containerd that a retry would not
// change.
func isRefusal(err error) bool {
	answer, ok := status.FromError(err)
	return ok && answer.Code() != codes.Unavailable && answer.Code() != codes.DeadlineExceeded && answer.Code() != codes.Canceled
}

func (f *forwarder) Close() error { return f.client.Close() }
