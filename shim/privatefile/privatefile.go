// Package privatefile writes files that only root can read, in folders that only root can
// enter. Readers see the old or the new content of a file.
package privatefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// TempPrefix is how the names of files begin that are being written.
const TempPrefix = ".new-"

// IsName reports whether a word is a name that containerd accepts (pkg/identifiers), so
// that it names a file in a folder.
func IsName(word string) bool {
	return word != "" && word[0] != '.' && len(word) < 200 && !strings.ContainsAny(word, "/\x00")
}

// Folder makes a folder, or checks that nobody else could have prepared it. A kubelet makes
// the folder of a hostPath volume that is not there, such as that of the exporter's pod, and
// lets others read it: that is mended.
func Folder(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || int(st.Uid) != os.Geteuid() || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s: must be a folder that only uid %d can write to", path, os.Geteuid())
	}
	if st.Mode&0o077 != 0 {
		return os.Chmod(path, 0o700)
	}
	return nil
}

// Replace writes a file so that a reader sees the old or the new content.
func Replace(path string, text []byte) (err error) {
	return write(path, text, os.Rename)
}

// Create is Replace for a file that must not exist: the error is fs.ErrExist if it does.
func Create(path string, text []byte) (err error) {
	return write(path, text, func(temp, path string) error {
		return errors.Join(os.Link(temp, path), os.Remove(temp))
	})
}

func write(path string, text []byte, publish func(temp, path string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), TempPrefix)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return publish(f.Name(), path)
}

// Remove removes a file, unless another process has done so.
func Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
