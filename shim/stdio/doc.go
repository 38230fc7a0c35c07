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
//
// # Stdin
//
// The shim opens the client's FIFO when the client asks for the start, neither
// before nor after:
//
//	client                             shim
//	open(FIFO, O_WRONLY) waits
//	Create or Exec          -------->  Open: finds the FIFO, and does not open it
//	notes the process       <--------
//	Start                   -------->  IO.OpenStdin: the client's open(2) returns
//	write, close            ========>  copied to the process
//	CloseIO                 -------->  IO.CloseStdin
//
// ctr and nerdctl call CloseIO when they have read the end of their own stdin, and
// only if they have noted the process by then. If they could write before that, a
// short input would end unnoticed, and the process would wait for its end forever.
//
// Clients may come and go: a restarted containerd, or ctr task attach. So the shim
// holds a writing end of the FIFO too. Stdin ends when CloseStdin has closed that one
// and the clients have closed theirs.
//
// A client with an empty input has closed its end before the start, without CloseIO.
// So stdin also ends if no client has it open at the start, while one goes on reading
// stdout or stderr. A client that leaves all of its streams, such as ctr run -d, may
// come back to stdin, and for a terminal the end of stdin would be a hangup: in both
// cases stdin stays open.
//
// A process may close its stdin while the client still writes. The shim then reads on
// and drops what it reads: if the FIFO had no reader, the kernel would send the client
// a SIGPIPE, and ctr forwards signals to the process.
package stdio
