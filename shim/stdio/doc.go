// Package stdio carries bytes between a container's process and containerd's
// client: over FIFOs, to a file, to a logging binary, or through a pseudo
// terminal.
//
// The process never gets the client's end itself. It writes into a pipe that
// the shim copies from, so a client that stops reading, or has died, can be cut
// off without touching the process.
//
// # When a stream ends
//
// A stream ends when nobody holds its writing side any more. A process may
// leave children behind which keep it open; so once the process has exited, its
// streams are given [Grace] and then end, with everything that was written until
// then delivered. [IO.Exited] waits until the client has read what the process
// wrote: a client that hears of an exit reads no further. [IO.Close], which belongs to the deletion of the process,
// waits for what is still moving and cuts what is stuck.
package stdio
