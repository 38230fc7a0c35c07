package installer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// journal changes files, and can restore all of them.
type journal struct {
	changed []saved
	folders []string // the folders that it made, each before those in it
}

// saved is the earlier state of a file: absent if info is nil.
type saved struct {
	path string
	data []byte
	info fs.FileInfo
}

// save stores a file before its first change.
func (j *journal) save(path string) error {
	if slices.ContainsFunc(j.changed, func(s saved) bool { return s.path == path }) {
		return nil
	}
	s := saved{path: path}
	info, err := os.Stat(path)
	if err == nil {
		s.info = info
		s.data, err = os.ReadFile(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	j.changed = append(j.changed, s)
	return nil
}

// created stores that a file did not exist.
func (j *journal) created(path string) { j.changed = append(j.changed, saved{path: path}) }

// mkdir makes a folder and those above it.
func (j *journal) mkdir(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if err := j.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	j.folders = append(j.folders, path)
	return nil
}

// put replaces a file atomically; if it is a link, the file that the link leads to. An
// existing file keeps its mode and owner.
func (j *journal) put(path string, data []byte, mode fs.FileMode) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if err := j.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := j.save(path); err != nil {
		return err
	}
	info, _ := os.Stat(path) // nil if it does not exist
	return replace(path, data, mode, info)
}

// remove removes a file if it exists.
func (j *journal) remove(path string) error {
	if err := j.save(path); err != nil {
		return err
	}
	return removeFile(path)
}

// undo restores all files, the last change first.
func (j *journal) undo() error {
	var failed []error
	for _, s := range slices.Backward(j.changed) {
		if s.info == nil {
			failed = append(failed, removeFile(s.path))
		} else {
			failed = append(failed, replace(s.path, s.data, s.info.Mode().Perm(), s.info))
		}
	}
	removeEmpty(j.folders)
	return errors.Join(failed...)
}

// replace writes a new file beside the old one and renames it, so that one of them
// always exists. The new one gets the mode and owner of like, if like is not nil.
func replace(path string, data []byte, mode fs.FileMode, like fs.FileInfo) error {
	temporary := path + ".new"
	_ = os.Remove(temporary) // left by a run that was killed
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if like != nil {
		mode = like.Mode().Perm()
		if owner, ok := like.Sys().(*syscall.Stat_t); ok {
			err = errors.Join(err, f.Chown(int(owner.Uid), int(owner.Gid)))
		}
	}
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeEmpty removes folders, each after those in it, unless they have other files.
func removeEmpty(folders []string) {
	for _, folder := range slices.Backward(folders) {
		_ = os.Remove(folder)
	}
}
