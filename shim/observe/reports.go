package observe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/shim/privatefile"
)

// Reports are the reports of a node's observed containers: a folder that only root can
// enter, with a file <namespace>/<container ID>.json for each container. Files stay after
// their containers, until they are too old or too many.
type Reports struct{ Dir string }

// Limits of the folder.
const (
	keepFor     = 7 * 24 * time.Hour // after the last change
	mostReports = 1000
	mostBytes   = 64 << 20
	tempFor     = time.Minute // after this, the writer of a temporary file has ended
)

// Write replaces the report of a container. With the first report of a container it also
// removes old ones.
func (r Reports) Write(report *denials.Report) error {
	text, err := json.Marshal(report)
	if err != nil {
		return err
	}
	dir := filepath.Join(r.Dir, report.Namespace)
	if !privatefile.IsName(report.Namespace) || !privatefile.IsName(report.ID) {
		return fmt.Errorf("%q in namespace %q is no container's name", report.ID, report.Namespace)
	}
	for _, folder := range []string{filepath.Dir(r.Dir), r.Dir, dir} {
		if err := privatefile.Folder(folder); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, report.ID+".json")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := r.clean(time.Now()); err != nil {
			return err
		}
	}
	return privatefile.Replace(path, text)
}

// A kept is a report's file.
type kept struct {
	path    string
	size    int64
	changed time.Time
}

// clean removes old reports, then the oldest ones until the rest is within the limits. The
// report of a running container that is removed comes back with its next change.
func (r Reports) clean(now time.Time) error {
	files, err := r.list(now)
	slices.SortFunc(files, func(a, b kept) int {
		return cmp.Or(a.changed.Compare(b.changed), cmp.Compare(a.path, b.path))
	})
	count, bytes := len(files), int64(0)
	for _, f := range files {
		bytes += f.size
	}
	for _, f := range files {
		if now.Sub(f.changed) <= keepFor && count < mostReports && bytes <= mostBytes {
			break
		}
		err = errors.Join(err, privatefile.Remove(f.path))
		count--
		bytes -= f.size
	}
	return err
}

// list returns the reports, and removes temporary files that were left behind and empty
// folders.
func (r Reports) list(now time.Time) (files []kept, _ error) {
	folders, err := os.ReadDir(r.Dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		dir := filepath.Join(r.Dir, folder.Name())
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // no folder, or removed meanwhile
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			f := kept{filepath.Join(dir, entry.Name()), info.Size(), info.ModTime()}
			if f.changed.After(now.Add(tempFor)) { // the clock was set back: the file would outlive all others
				f.changed = time.Time{}
			}
			if !strings.HasPrefix(entry.Name(), privatefile.TempPrefix) {
				files = append(files, f)
			} else if now.Sub(f.changed) > tempFor {
				_ = privatefile.Remove(f.path) // best effort: the next report tries again
			}
		}
	}
	return files, nil
}
