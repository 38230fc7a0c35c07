package shim

import (
	"context"
	"errors"
	"time"

	ttrpcevents "github.com/containerd/containerd/api/services/ttrpc/events/v1"
	"github.com/containerd/containerd/api/types"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/protobuf"
	"github.com/containerd/containerd/v2/pkg/ttrpcutil"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"github.com/containerd/typeurl/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// forwarder tells containerd of events, also one that is restarted meanwhile.
//
// The publisher that RunShim offers sets an event that it cannot tell aside and
// goes on with the next, so that their order changes; it gives an event up after
// 15 seconds, and all that it has set aside when the shim ends, which is when the
// next containerd has cleaned the exited container up.
type forwarder struct{ client *ttrpcutil.Client }

func newForwarder(address string) (*forwarder, error) {
	client, err := ttrpcutil.NewClient(address)
	if err != nil {
		return nil, err
	}
	return &forwarder{client}, nil
}

// Publish returns when containerd has the event, or refuses it, or the context ends.
func (f *forwarder) Publish(ctx context.Context, topic string, event events.Event) error {
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

// isRefusal reports whether an error is containerd's answer, which will be the same
// next time.
func isRefusal(err error) bool {
	answer, ok := status.FromError(err)
	return ok && answer.Code() != codes.Unavailable && answer.Code() != codes.DeadlineExceeded && answer.Code() != codes.Canceled
}

func (f *forwarder) Close() error { return f.client.Close() }
