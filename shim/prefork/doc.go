// Package prefork makes the process that containerd starts a shim with, the one
// whose last argument is "start", two processes before the Go runtime of either
// begins:
//
//	containerd ──starts──> parent: C code alone            child: goes on into Go
//	                       reads the pipe  <── answer ────  socket, options, note
//	           <──answer── writes stdout                    serves as the shim
//	                       exits
//
// Without it a shim costs two starts of a Go program, one after the other, before
// containerd's first request is heard: "start", and the server that it starts. A
// process may fork as long as it has one thread, which is so until the runtime
// begins; libcontainer's nsenter relies on the same.
//
// The parent's exit status is 0 if the child has answered. If the child ends
// without an answer, the parent waits for it and exits as it did; its words are
// on stderr already, which both share until the answer. If the parent is killed,
// [Answer] fails, and no shim remains that nobody knows of.
//
// The child has a process group of its own and, from [Answer] on, /dev/null as its
// standard streams. Its descriptor 3 is reserved for the socket, which containerd's
// package shim looks for there.
package prefork
