package container

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/installed"
	"seccomp-shim/shim/container/dump"
)

// ErrUnconfined says that a checkpoint's processes are not under the container's filter.
var ErrUnconfined = errors.New("not under the container's seccomp filter")

// admitCheckpoint refuses a checkpoint whose processes would not run under the container's
// filter. Package load does not start them: CRIU loads the filters that they had when they
// were saved.
//
// A process may have loaded more filters. But each thread must have the container's own,
// byte for byte. admitThread checks this again for the restored threads, by what the
// kernel says.
func (f *Filter) admitCheckpoint(images string) error {
	if f == nil {
		return nil
	}
	if f.Observer != nil {
		return fmt.Errorf("%s: %w: the container is to be observed, and CRIU does not restore the listener of a seccomp filter", f.Name, ErrUnconfined)
	}
	if f.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER != 0 {
		return fmt.Errorf("%s: %w: CRIU does not restore the listener of a filter with SCMP_ACT_NOTIFY", f.Name, ErrUnconfined)
	}
	threads, err := dump.Threads(os.DirFS(images))
	if err != nil {
		return fmt.Errorf("checkpoint %s: %w: %w", images, ErrUnconfined, err)
	}
	for _, t := range threads {
		if !slices.ContainsFunc(t.Filters, f.wasSavedAs) {
			return fmt.Errorf("%s: checkpoint %s: %s: its thread is %w, but under %d others", f.Name, images, t.Image, ErrUnconfined, len(t.Filters))
		}
	}
	return nil
}

// admitThread refuses a restored thread whose filters in the kernel lack the container's.
func (f *Filter) admitThread(thread int, filters []installed.LoadedFilter) error {
	if !slices.ContainsFunc(filters, f.isInstalledAs) {
		return fmt.Errorf("%s: restored thread %d is %w, but under %d others", f.Name, thread, ErrUnconfined, len(filters))
	}
	return nil
}

// is compares a filter with a program and whether it logs. The kernel shows no other flag
// of a filter (seccomp_get_metadata in kernel/seccomp.c).
func (f *Filter) is(program []byte, logs bool) bool {
	return bytes.Equal(program, f.Program) && logs == (f.Flags&unix.SECCOMP_FILTER_FLAG_LOG != 0)
}

func (f *Filter) wasSavedAs(other dump.SavedFilter) bool {
	return f.is(other.Program, other.Flags&unix.SECCOMP_FILTER_FLAG_LOG != 0)
}

func (f *Filter) isInstalledAs(other installed.LoadedFilter) bool {
	return f.is(other.Program.Bytes(), other.Logs)
}
