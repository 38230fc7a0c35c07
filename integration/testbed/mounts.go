package testbed

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// mount has the fields of a line of /proc/<pid>/mountinfo that are used here.
type mount struct {
	root   string // the part of the file system that is mounted
	point  string // where it is mounted
	fsType string
	extra  string // source and options of the file system
}

func (m mount) String() string { return m.point + " (" + m.fsType + ")" }

// mounts returns this process's mounts in the order of mounting.
func mounts() []mount {
	data, _ := os.ReadFile("/proc/self/mountinfo") // always readable
	return parseMounts(string(data))
}

// parseMounts reads mountinfo, proc_pid_mountinfo(5). The number of fields before the
// separator varies.
func parseMounts(text string) []mount {
	var found []mount
	for line := range strings.Lines(text) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		fsType, extra, _ := strings.Cut(strings.TrimSpace(after), " ")
		if ok && len(fields) >= 5 {
			found = append(found, mount{fields[3], fields[4], fsType, extra})
		}
	}
	return found
}

func mountsBelow(dir string) []mount {
	return slices.DeleteFunc(mounts(), func(m mount) bool {
		return !strings.HasPrefix(m.point, dir+"/")
	})
}

// unmountBelow detaches all mounts below dir, the last one first. If it returns nil,
// none is left, and dir can be removed with its content.
func unmountBelow(dir string) error {
	var errs []error
	for _, m := range slices.Backward(mountsBelow(dir)) {
		if err := unix.Unmount(m.point, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m.point, err))
		}
	}
	if left := mountsBelow(dir); len(left) > 0 {
		errs = append(errs, fmt.Errorf("unmount %v: still mounted", left))
	}
	return errors.Join(errs...)
}
