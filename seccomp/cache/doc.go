// Package cache keeps compiled seccomp programs, so that a profile is compiled
// once for a node and not at every create. To it a program is bytes under a
// [Key]; the caller computes the key from everything that the compiler reads
// ([NewHash]) and gives the bytes their meaning.
//
// A [Cache] asks its memory, then the node's [Disk], then the caller's function.
// What it guarantees:
//
//   - A hit returns exactly the bytes that were stored under that key. Nobody
//     can change them through a slice that they gave or got.
//   - However many goroutines ask for a key at once, its value is made once. A
//     failure is not kept: all who waited get it, and the next one tries again.
//     A panic is such a failure.
//   - A fault of the disk cache costs the time of a compilation, nothing else.
//
// # The disk
//
// The directory belongs to this process's user alone, or is refused: not a
// symbolic link, owned by the effective uid, closed to group and others. It is
// opened once; all work is relative to that descriptor, so what happens to the
// path later does not matter. Its parent must be such that only that user can
// write to it, as /run is.
//
// Any number of processes share it without a lock. A file comes into being by
// rename, complete, and is never written again, so a reader sees all of it or
// nothing; one that has it open keeps it when it is replaced or evicted.
//
// Each file names its key and ends with a SHA-256 of all before it. A file that
// is damaged, truncated, of another format or key, too large, of another owner
// or mode, or no regular file is never used: it is removed, reported, and the
// value made anew. The checksum finds damage. It is no signature: who can write
// as the directory's owner decides what the node's programs are.
//
// Its size is within the limit when no Put is under way; a writer that was killed
// may leave one file more, which the next Put clears away. What was used least
// recently goes first, by the time of modification, which a hit renews at most
// once a minute. Files with names that are not of this package are left alone.
package cache
