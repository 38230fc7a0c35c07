// Package shim is containerd's side of the runtime: the bootstrap of the shim
// process, the task service (v3 and v2) that containerd calls, the events it is sent,
// and the handler's options. It is the only importer of containerd.
//
// The one way from an OCI spec to a confined process is readable in
// service.createContainer (create.go).
package shim
