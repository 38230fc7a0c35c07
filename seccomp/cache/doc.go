// Package cache keeps compiled seccomp programs, so that a profile is compiled
// once for a node and not at every create. To it a program is bytes under a
// [Key]; the caller computes the key from everything that the compiler reads
// ([NewHash]) and gives the bytes their meaning.
//
// What the node's [Disk] guarantees:
//
//   - A hit returns exactly the bytes that were stored under that key.
//   - A fault of the disk costs the time of a compilation, nothing else.
//
// # The disk
//
// The directory belongs to this process's user alone, or is refused: not a
// symbolic link, owned by the effective uid, closed to group and others. It is
// opened once; all work is relative to that descriptor, so what happens to the
// path later does not matter. Only that user may be able to write to its parent,
// as with /run.
//
// Any number of processes share it without a lock. A file comes into being by
// rename, complete, and is never written again, so a reader sees all of it or
// nothing; one that has it open keeps it when it is replaced or evicted.
//
// Each file names its key and ends with a SHA-256 of all before it. A file that
// is damaged, truncated, of another format or key, too large, of another owner
// or mode, or no regular file is never used: it is removed and reported, and the
// caller makes the value again. The checksum finds damage. It is no signature: who can write
// as the directory's owner decides what the node's programs are.
//
// Its size is within the limit when no Put is under way; a writer that was killed
// may leave one file more, which the next Put clears away. What was used least
// recently goes first, by the time of modification, which a hit renews at most
// once a minute. Files with names that are not of this package are left alone.
package cache
