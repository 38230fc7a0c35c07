// Package mistake writes messages about mistakes in what people write: [Near] finds the
// word that was meant, [JSON] says why a text is not JSON and what to change.
//
// [Quote], [Shown] and [Line] keep control characters out of messages.
//
// It does not depend on seccomp. Messages name no types of Go and repeat little of their
// input, because containerd sends them in gRPC metadata.
package mistake
