// Package stdio carries bytes between a container's process and containerd's
// client: over FIFOs, to a file, to a logging binary, or through a pseudo
// terminal.
//
// The process never has the client's end of a stream. It writes into a pipe that the
// shim copies from, so the shim can cut off a client that stops reading, or has died,
// without an effect on the process. A logging binary is the exception: it reads the pipe
// itself.
//
// # When a stream ends
//
// A stream ends when nobody has its writing side open. A process may leave children
// behind that keep it open, so the streams of an exited process end after [Grace], when
// everything that was written until then is delivered. [IO.Exited] waits until the client
// has read what the process wrote, since a client stops reading when it gets the exit.
// [IO.Close], at the deletion of the process, waits for streams that still move, and cuts
// those that are stuck.
//
// # Stdin
//
// The shim opens the client's FIFO when the client asks for the start, neither
// before nor after:
//
//	client                             shim
//	open(FIFO, O_WRONLY) waits
//	Create or Exec          -------->  Open: finds the FIFO, and does not open it
//	records the process     <--------
//	Start                   -------->  IO.OpenStdin: the client's open(2) returns
//	write, close            ========>  copied to the process
//	CloseIO                 -------->  IO.CloseStdin
//
// ctr and nerdctl call CloseIO when they read EOF on their own stdin, and only if they
// have recorded the process by then. If they could write before that, they would reach
// the EOF of a short input too early and never call CloseIO, and the process would wait
// for its EOF forever.
//
// Clients may come and go: a restarted containerd, or ctr task attach. So the shim holds
// a writing end of the FIFO too. Stdin ends when CloseStdin has closed that end and the
// clients have closed theirs.
//
// A client with an empty input closes its end before the start, without CloseIO. So stdin
// also ends if no client has it open at the start, while a client goes on reading stdout
// or stderr. In two cases it stays open: a client that closes all of its streams, such as
// ctr run -d, may come back to stdin, and a terminal would be hung up.
//
// A process may close its stdin while the client still writes. The shim then reads on and
// drops what it reads: without a reader of the FIFO the kernel would send SIGPIPE to the
// client, and ctr forwards its signals to the process.
package stdio
