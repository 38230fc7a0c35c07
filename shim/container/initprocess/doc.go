// Package initprocess is the init of every container and of every exec: the process that
// libcontainer starts, that sets the container up from the inside, and that becomes the
// user's program.
//
// It is a room of its own because two binaries have it. seccomp-shim-init has nothing
// else, and so starts in half the time of the shim's binary: a Go program pays at each
// start for every package that it links (page faults, package init functions). The shim's
// binary has it too, for a folder in which seccomp-shim-init is missing or is of another
// build: see package initfile.
package initprocess
