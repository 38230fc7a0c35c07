// Package dump reads from a checkpoint by CRIU which seccomp filters its threads
// were saved with. CRIU loads those filters again when it restores the threads.
//
// The images are input that may be hostile, so the reader goes where CRIU goes:
// pstree.img names the processes and their threads, core-<tid>.img has a thread,
// and seccomp.img has the filters of all threads. An image that pstree.img does
// not name is not read, since CRIU does not open it.
//
// An image is a file of little-endian 32-bit words and protobuf messages: two
// marks, then messages, each behind its length (criu.org/Images).
//
// # Why not the generated types of go-criu
//
// This reader must refuse what two readers can understand in two ways. Generated
// code does the opposite: as the protobuf encoding demands, the last value of a
// field counts, and messages are merged. So a strict reader of the fields is needed
// beside it.
//
// Second, the shim's binary is also every container's init. The types of the three
// images bring 18 packages, whose init functions register descriptors whether
// or not there is a checkpoint. Measured with go-criu v8.3.0, they cost each start
// of the shim and of an init 0.4 ms of 5.7, 50 page faults of 480 and 90 KB of heap,
// and make the binary half a megabyte larger.
//
// The tests compare this reader with those types.
package dump
