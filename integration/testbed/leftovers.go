package testbed

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const goneInterval = 20 * time.Millisecond

var goneTimeout = Patient(3 * time.Second)

// Leftovers lists what exists on the host for the container id: processes, mounts below
// its bundle, cgroups in every hierarchy, sockets, bundle folders and the runtime's
// state. Each entry is a line of text. With an empty id it lists these for all containers
// of the node.
//
// For a running container the list is its footprint. After a refused create or a delete
// it should be empty.
func (n *Node) Leftovers(id string) []string {
	var found []string
	for _, p := range n.processes(id) {
		found = append(found, p.String())
	}
	for _, bundle := range n.bundles(id) {
		found = append(found, "bundle folder "+bundle)
	}
	for _, dir := range n.mountRoots(id) {
		for _, m := range mountsBelow(dir) {
			found = append(found, "mount "+m.String())
		}
	}
	for _, path := range n.outsideFolders(id) {
		found = append(found, "folder "+path)
	}
	for _, path := range n.sockets(id) {
		found = append(found, "socket "+path)
	}
	return found
}

// AwaitGone waits until nothing is left of the container id, or with an empty id of all
// containers, and returns what is left after three seconds. A shim exits a moment after
// the answer to its last request.
func (n *Node) AwaitGone(id string) []string {
	for deadline := time.Now().Add(goneTimeout); ; time.Sleep(goneInterval) {
		left := n.Leftovers(id)
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
	}
}

// bundles returns the bundle and working folders of a container, or of all. containerd
// renames a folder that it is about to remove to a name with a leading dot.
func (n *Node) bundles(id string) []string {
	var found []string
	for _, root := range n.bundleRoots() {
		dirs, _ := filepath.Glob(filepath.Join(root, "*", "*")) // no bad pattern
		for _, dir := range dirs {
			if id == "" || strings.TrimPrefix(filepath.Base(dir), ".") == id {
				found = append(found, dir)
			}
		}
	}
	return found
}

// mountRoots returns the folders whose mounts belong to id.
func (n *Node) mountRoots(id string) []string {
	if id == "" {
		return []string{n.dir}
	}
	return n.bundles(id)
}

// outsidePaths returns the folders outside the node's own that containers of its
// namespace have: cgroups at /<namespace>/<id>, the state of runtimes, and the folders
// <namespace> above them.
func (n *Node) outsidePaths() []string {
	parents, _ := filepath.Glob("/run/containerd/*") // no bad pattern
	var found []string
	for _, parent := range append(parents, cgroupRoots()...) {
		ns := filepath.Join(parent, n.opts.Namespace)
		if _, err := os.Stat(ns); err == nil {
			found = append(append(found, ns), subdirs(ns)...)
		}
	}
	return found
}

// newOutsidePaths returns the outside paths that appeared since the node's start.
func (n *Node) newOutsidePaths() []string {
	return slices.DeleteFunc(n.outsidePaths(), func(path string) bool { return n.before[path] })
}

// outsideFolders returns the new outside paths of a container, or of all. It leaves out
// the <namespace> folders, which runtimes keep on purpose. A cgroup that systemd has made
// is found only by id, because systemd chooses its place.
func (n *Node) outsideFolders(id string) []string {
	found := slices.DeleteFunc(n.newOutsidePaths(), func(path string) bool {
		base := filepath.Base(path)
		return base == n.opts.Namespace || id != "" && base != id
	})
	if id != "" {
		found = append(found, n.scopes(id)...)
	}
	return found
}

// sockets returns the sockets of the shim of container id, or with an empty id of all
// shims. If nodes share the folder, an empty id returns only sockets that no process
// serves: others may be another node's, and our shims are in the list of processes.
func (n *Node) sockets(id string) []string {
	own := map[string]bool{}
	base := filepath.Join(n.Address(), n.opts.Namespace, id)
	for _, name := range []string{base, filepath.Join(base, "debug")} {
		own[fmt.Sprintf("%x", sha256.Sum256([]byte(name)))] = true
	}
	shared := !n.version.hasSocketDir()
	var found []string
	for _, path := range n.socketFiles() {
		if n.before[path] || id != "" && !own[filepath.Base(path)] {
			continue
		}
		if !isServed(path) {
			path += " (nobody listens)"
		} else if id == "" && shared {
			continue
		}
		found = append(found, path)
	}
	return found
}

// socketFiles returns all files in the folder of the shims' sockets.
func (n *Node) socketFiles() []string {
	entries, _ := os.ReadDir(n.socketDir()) // the first shim makes it
	var found []string
	for _, e := range entries {
		found = append(found, filepath.Join(n.socketDir(), e.Name()))
	}
	return found
}

// isServed reports whether a process listens on the socket, by a connection that it
// closes at once. /proc/net/unix does not help: it has only the sockets that were made
// in the reader's network namespace.
func isServed(path string) bool {
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	}
	return !errors.Is(err, syscall.ECONNREFUSED)
}

// subdirs returns the folders in dir, none if dir does not exist.
func subdirs(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var found []string
	for _, e := range entries {
		if e.IsDir() {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found
}

// removeDirs removes a tree of folders, deepest first. RemoveAll does not work: the
// files of a cgroup cannot be removed, and the kernel removes them with their folder.
func removeDirs(root string) error {
	for _, dir := range subdirs(root) {
		if err := removeDirs(dir); err != nil {
			return err
		}
	}
	if err := os.Remove(root); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove left folder: %w", err)
	}
	return nil
}
