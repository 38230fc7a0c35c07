// Package observe answers the seccomp notifications of observed containers, and reports the
// calls that were refused. Package denials says what is observed and what the answers are.
//
// # Listeners
//
// Each process that the shim starts in a container has a filter of its own, and so a
// listener of its own: the init and each exec. The descriptor says which of them made a
// call, or which of them is its ancestor. Package load takes the listener out of the process
// before its program runs, and [Container.Watch] gets it:
//
//	process                  kernel                       shim
//	a refused call ────────▶ waits        POLLIN ───────▶ NOTIF_RECV
//	                                                      /proc, for a new kind of call:
//	                                                      who is it? NOTIF_ID_VALID
//	                                                      counts
//	errno ◀───────────────── returns ◀─────────────────── NOTIF_SEND
//
// The process in the container cannot reach a listener: the kernel has made its descriptor
// close-on-exec.
//
// One goroutine of a container polls all listeners of the container. It waits in Go's
// poller, for an epoll descriptor that has the listeners, so a container that makes no
// refused call has no thread in the shim. It polls before NOTIF_RECV, because that ioctl
// waits without a limit, also with O_NONBLOCK, and ends before Linux 6.11 not even with
// the last process. A listener without processes polls as POLLHUP (Linux 5.9) and is closed.
//
// # Fail closed
//
// A call waits until it is answered. If the shim is stopped, the call waits; SIGKILL still
// ends its process, so stopping and deleting a container never waits for this package. If
// the shim is gone, the kernel closes the listeners, and refused calls fail with ENOSYS. In
// mode denials no answer continues a call.
//
// # What a container can cost
//
// A container that makes refused calls in a loop waits for each answer, so the shim limits
// its own work by answering later: it works for at most a fifth of one processor for each
// container, after a burst of half a second (see budget). Names are bounded, distinct calls
// are bounded (denials.MostDistinct), a call is logged when it is first seen and when its
// count reaches a power of 100, and the report is written once in a second at most.
//
// # Exact
//
// A call is counted when the kernel has taken its answer, under the lock that a report
// takes too. So the report that is written before the exit of a process is reported has all
// of its refused calls.
//
// A signal can interrupt a call until the shim has received it: the kernel then restarts the
// call, or lets it fail with EINTR if the signal's handler was set without SA_RESTART. Such a
// call is not counted. To keep that time short, the supervisor receives all waiting calls
// before it answers one, also while the budget demands a pause; from Linux 5.19 on
// (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) only SIGKILL interrupts a received call.
package observe
