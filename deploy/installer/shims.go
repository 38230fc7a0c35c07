package installer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// runningShims returns the processes whose program is the shim of one of the folders,
// or one that an upgrade has replaced.
func runningShims(folders []string) []string {
	processes, _ := filepath.Glob("/proc/[0-9]*") // no bad pattern
	var pids []string
	for _, process := range processes {
		if slices.ContainsFunc(folders, func(folder string) bool {
			binary, err := filepath.EvalSymlinks(filepath.Join(folder, shimName))
			if err != nil { // the file was removed, but processes still run it
				binary = filepath.Join(folder, shimName)
			}
			return isShim(process, binary)
		}) {
			pids = append(pids, filepath.Base(process))
		}
	}
	return pids
}

// isShim reports whether a folder of /proc belongs to a process that runs binary. A
// container's program may have the same path, but in the container it is another folder
// and file, which /proc/PID/root and /proc/PID/exe show (proc(5)).
func isShim(process, binary string) bool {
	program, err := os.Readlink(filepath.Join(process, "exe"))
	if err != nil {
		return false // a thread of the kernel, or a process that has exited
	}
	switch {
	case strings.TrimSuffix(program, " (deleted)") != binary:
		return false
	case program == binary && !sameFile(filepath.Join(process, "exe"), binary):
		return false
	}
	folder := filepath.Dir(binary)
	return sameFile(filepath.Join(process, "root", folder), folder)
}

func sameFile(one, other string) bool {
	a, err1 := os.Stat(one)
	b, err2 := os.Stat(other)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}
