// Package shim is the shim's binary: by its arguments it runs one of containerd's short
// actions (package bootstrap), or is the long-lived server of the task service (package
// task).
package shim
