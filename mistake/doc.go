// Package mistake finds words for mistakes that people make in what they write:
// [Near] knows which word was meant, [JSON] says why a text is not JSON and what to
// change.
//
// [Shown] and [Line] keep control characters out of messages.
//
// It knows nothing of seccomp. Its texts name no types of Go, and repeat little of
// their input, because they travel in gRPC metadata.
package mistake
