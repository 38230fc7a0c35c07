package events

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// InCluster returns what a pod knows about the API server: its address, and the pod's service
// account.
func InCluster() (*rest.Config, error) {
	config, err := rest.InClusterConfig()
	if err != nil {
		return nil, fmt.Errorf("find the API server: %w", err)
	}
	return config, nil
}

// newClient returns a client of the API's core group. It knows the types of that group alone:
// the clients of client-go/kubernetes link those of all groups, and are twice as long.
func newClient(config *rest.Config) (rest.Interface, error) {
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	own := rest.CopyConfig(config)
	own.APIPath, own.GroupVersion = "/api", &corev1.SchemeGroupVersion
	own.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	own.UserAgent = component
	own.QPS = -1 // the poster bounds itself
	return rest.RESTClientFor(own)
}

// create creates an event.
func create(ctx context.Context, client rest.Interface, e *corev1.Event) error {
	return client.Post().Namespace(e.Namespace).Resource("events").Body(e).Do(ctx).Error()
}
