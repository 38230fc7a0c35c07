// Package bootstrap runs in the short-lived processes by which containerd starts a shim
// (start), removes what a dead shim has left (delete), and asks for the runtime's
// features (-info); and it hands the socket to the shim that serves. See
// core/runtime/v2/README.md in containerd.
package bootstrap
