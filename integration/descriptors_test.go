package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A descriptor or working directory in a folder of the host leads out of a container
// (CVE-2024-21626). A program has its three streams and no other descriptor.
func TestProgramHasItsStreamsOnly(t *testing.T) {
	t.Parallel()
	for _, row := range profiledOrNot {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, row.opts...)
			if got := entries(t, int(c.task.Pid()), "fd"); strings.Join(got, " ") != "0 1 2" {
				t.Errorf("init has the descriptors %v", got)
			}
			list := "cd /proc/self/fd; for fd in *; do echo $fd; done; cd /; [ . -ef /proc/1/root ] && echo home"
			if got := c.exec(t, sh(list)); got.stdout != "0\n1\n2\nhome\n" && got.stdout != "0\n1\n2\n3\nhome\n" { // 3 is the folder that the shell lists
				t.Errorf("an exec: %+v", got)
			}
		})
	}
}

// A descriptor of the runtime cannot become the working directory.
func TestWorkingDirectoryIsNoDescriptor(t *testing.T) {
	t.Parallel()
	for _, row := range profiledOrNot {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, row.opts...)
			for fd := 3; fd < 16; fd++ {
				mustNotExecIn(t, c, fmt.Sprintf("/proc/self/fd/%d", fd), "/proc/self/fd")
			}
			mustNotRunIn(t, "/proc/self/fd/7", "/proc/self/fd", row.opts...)
		})
	}
}

// A container that sees the host's processes in its /proc can leave its root: the links
// root and cwd of a process lead to that process's root and working directory, also for
// a reader with another root (proc(5)). libcontainer enters the working directory with
// all capabilities, so the kernel does not stop it; it must check afterwards where it
// is.
func TestWorkingDirectoryIsInside(t *testing.T) {
	t.Parallel()
	for _, row := range profiledOrNot {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			opts := append([]oci.SpecOpts{oci.WithHostNamespace(specs.PIDNamespace)}, row.opts...)
			c := hold(t, newID(t), nil, opts...)
			for _, link := range []string{"root", "cwd", "root/tmp"} {
				cwd := fmt.Sprintf("/proc/%d/%s", os.Getpid(), link)
				mustNotExecIn(t, c, cwd, "outside of container mount namespace root")
				mustNotRunIn(t, cwd, "outside of container mount namespace root", opts...)
			}
		})
	}
}

// mustNotExecIn starts an exec that prints its working directory. The exec must fail
// with reason.
func mustNotExecIn(t *testing.T, c *container, cwd, reason string) {
	t.Helper()
	var out output
	p, err := c.addExec(t, toStreams(nil, &out, &out), sh("ls -d *; sleep 1000"), func(p *specs.Process) { p.Cwd = cwd })
	if err != nil {
		t.Fatal(err)
	}
	err = p.Start(bounded(t))
	if err == nil {
		out.await(t, "\n")
		t.Errorf("an exec starts in %s, where it sees %.100q", cwd, out.String())
	} else if !strings.Contains(err.Error(), reason) {
		t.Errorf("an exec in %s: %v", cwd, err)
	}
	if _, err := p.Delete(bounded(t), containerd.WithProcessKill); err != nil {
		t.Error(err)
	}
}

func mustNotRunIn(t *testing.T, cwd, reason string, opts ...oci.SpecOpts) {
	t.Helper()
	init, err := create(t, newID(t), sh("exit 0"), append([]oci.SpecOpts{oci.WithProcessCwd(cwd)}, opts...)...)
	if err == nil {
		err = init.task.Start(bounded(t))
	}
	if err == nil || !strings.Contains(err.Error(), reason) {
		t.Errorf("init in %s: %v", cwd, err)
	}
}

// A process that has entered the container, and that others there can see, has no
// folder of the host before its execve either.
func TestNoHostFolderBeforeExecve(t *testing.T) {
	t.Parallel()
	for _, row := range profiledOrNot {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			init, err := create(t, newID(t), calls("hold"), row.opts...)
			if err != nil {
				t.Fatal(err)
			}
			pid := int(init.task.Pid())
			if leaks := hostFolders(pid, pid); len(leaks) > 0 {
				t.Errorf("an init that waits for its start has %v", leaks)
			}
			if err := init.task.Start(bounded(t)); err != nil {
				t.Fatal(err)
			}
			shim := shimOf(t, init.task.Pid())
			over := make(chan struct{})
			seen, found := 0, map[string]bool{}
			var watch sync.WaitGroup
			watch.Go(func() {
				for {
					for _, child := range children(shim) {
						if child != pid && sameNamespace(child, pid, "mnt") {
							seen++
							for _, leak := range hostFolders(child, pid) {
								found[leak] = true
							}
						}
					}
					select {
					case <-over:
						return
					case <-time.After(50 * time.Microsecond):
					}
				}
			})
			for range 15 {
				init.exec(t, []string{"/bin/minimal"})
			}
			close(over)
			watch.Wait()
			t.Logf("looked %d times", seen)
			if seen == 0 || len(found) > 0 {
				t.Errorf("an exec, looked at %d times before its end, had %v", seen, found)
			}
		})
	}
}

func sameNamespace(a, b int, kind string) bool {
	of := func(pid int) string {
		link, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind)) // it may have ended
		return link
	}
	return of(a) == of(b) && of(b) != ""
}

// hostFolders returns the descriptors of a process in init's container that lead to a
// folder, and its working directory unless that is the container's root. It leaves out
// folders of the container's own proc file system, by which libcontainer sets labels
// and reopens files, and the container's root.
func hostFolders(pid, init int) (leaks []string) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	root, errRoot := os.Stat(fmt.Sprintf("/proc/%d/root/", init))
	cwd, errCwd := os.Stat(proc + "/cwd/")
	if errRoot == nil && errCwd == nil && !os.SameFile(root, cwd) {
		link, _ := os.Readlink(proc + "/cwd") // it may have ended
		leaks = append(leaks, "the working directory "+link)
	}
	fds, _ := os.ReadDir(proc + "/fd") // it may have ended
	for _, fd := range fds {
		// We hold the file open, because the process may replace it between two looks.
		held, err := unix.Open(filepath.Join(proc, "fd", fd.Name()), unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		path := fmt.Sprintf("/proc/self/fd/%d", held)
		info, err := os.Stat(path)
		if err == nil && info.IsDir() && !isContainersProc(path) && (errRoot != nil || !os.SameFile(root, info)) {
			link, _ := os.Readlink(path)
			var fs unix.Statfs_t
			_ = unix.Statfs(path, &fs)
			leaks = append(leaks, fmt.Sprintf("descriptor %s %s on a file system of type %#x", fd.Name(), link, fs.Type))
		}
		unix.Close(held)
	}
	return leaks
}

// isContainersProc reports whether a folder is in a proc file system other than the
// host's.
func isContainersProc(path string) bool {
	var fs unix.Statfs_t
	if unix.Statfs(path, &fs) != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		return false
	}
	ours, err := os.Stat("/proc/self/")
	info, err2 := os.Stat(path)
	host := err == nil && err2 == nil && ours.Sys().(*syscall.Stat_t).Dev == info.Sys().(*syscall.Stat_t).Dev
	return !host
}
