// Package bootstrap is how a shim begins and is cleaned up after: containerd starts the
// binary with the action start, and the process finds the group's shim or becomes it
// (package prefork); with delete, to remove what a dead shim has left; and with -info,
// for the runtime's features. See core/runtime/v2/README.md in containerd.
package bootstrap
