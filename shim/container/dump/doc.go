// Package dump reads from a checkpoint by CRIU which seccomp filters its threads
// were saved with. CRIU loads those filters again when it restores the threads.
//
// The images may be hostile, so the reader opens the files that CRIU opens: pstree.img
// names the processes and their threads, core-<tid>.img describes one thread, and
// seccomp.img has the filters of all threads. It does not read an image that pstree.img
// does not name, since CRIU does not either.
//
// An image begins with two magic numbers. Protobuf messages follow, each after its length.
// The numbers and lengths are little-endian 32-bit words (criu.org/Images).
//
// # Why not the generated types of go-criu
//
// This reader must refuse an image that two readers can understand in two ways. Generated
// code accepts it, as the protobuf encoding demands: the last value of a field counts, and
// messages are merged. So a strict reader of the fields would be needed beside it.
//
// Second, the shim's binary is also every container's init. The types of the three
// images bring 18 packages, whose init functions register descriptors whether
// or not there is a checkpoint. Measured with go-criu v8.3.0, they cost each start
// of the shim and of an init 0.4 ms of 5.7, 50 page faults of 480 and 90 KB of heap,
// and make the binary half a megabyte larger.
//
// The tests compare this reader with those types.
package dump
