package reexec

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Inheritable returns the descriptors of this process above 2 that are not
// close-on-exec, as "number target". Go opens files close-on-exec, so in a new process
// these are the inherited ones.
func Inheritable() ([]string, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil {
			return nil, err
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || fd <= 2 || flags&unix.FD_CLOEXEC != 0 { // the folder's own descriptor is closed by now
			continue
		}
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%d %s", fd, target))
	}
	return all, nil
}

// MakesNoneInheritable fails the test if f opens a descriptor that is not
// close-on-exec, and leaves it open.
func MakesNoneInheritable(t *testing.T, f func()) {
	t.Helper()
	before, err := Inheritable()
	if err != nil {
		t.Fatal(err)
	}
	f()
	after, err := Inheritable()
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range after {
		if !slices.Contains(before, descriptor) {
			t.Errorf("not close-on-exec: %s", descriptor)
		}
	}
}
