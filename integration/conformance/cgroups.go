package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// cgroups returns the folders that the suite has its cgroups in: one that is named
// after the containers' namespace, and one for shims. With v1 there is one of each
// for every controller.
func cgroups() map[string]bool {
	found := map[string]bool{}
	for _, name := range []string{"testing", "containerd"} {
		for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*"} {
			paths, _ := filepath.Glob(filepath.Join(root, name)) // no bad pattern
			for _, path := range paths {
				found[path] = true
			}
		}
	}
	return found
}

// removeCgroups removes what appeared since before.
func removeCgroups(before map[string]bool) error {
	for path := range cgroups() {
		if before[path] {
			continue
		}
		if err := removeFolders(path); err != nil {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
	return nil
}

// removeFolders removes a tree of folders. The files of a cgroup go with it.
func removeFolders(dir string) error {
	below, _ := filepath.Glob(filepath.Join(dir, "*/"))
	for _, path := range below {
		if info, err := os.Lstat(path); err == nil && info.IsDir() {
			if err := removeFolders(path); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
