// Package task is containerd's task service, v3 and v2, in the long-lived shim: the
// requests, and the events that it sends to containerd.
//
// The whole way from an OCI spec to a confined process is one function,
// Service.createContainer (create.go).
package task
