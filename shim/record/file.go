package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"

	"seccomp-shim/seccomp/recording"
	"seccomp-shim/shim/privatefile"
)

// createFile writes the first recording of a container, and returns the path of its file. The
// name has the time: a later container may have the same name.
func createFile(dir string, r *recording.Recording) (string, error) {
	if !privatefile.IsName(r.Namespace) || !privatefile.IsName(r.ID) {
		return "", fmt.Errorf("%q in namespace %q is no container's name", r.ID, r.Namespace)
	}
	text, err := encode(r)
	if err != nil {
		return "", err
	}
	for at := r.Started; ; at = at.Add(time.Millisecond) {
		path := filepath.Join(dir, r.Namespace, r.ID+"."+at.UTC().Format("20060102T150405.000Z")+".json")
		err := inFolders(path, func() error { return privatefile.Create(path, text) })
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

func replaceFile(path string, r *recording.Recording) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	return inFolders(path, func() error { return privatefile.Replace(path, text) })
}

// inFolders writes a file in <Dir>/<namespace>, and makes both folders, also if somebody has
// removed them.
func inFolders(path string, write func() error) (err error) {
	const attempts = 3 // somebody may remove a folder at this very moment
	namespace := filepath.Dir(path)
	dir := filepath.Dir(namespace)
	for range attempts {
		for _, each := range []string{filepath.Dir(dir), dir, namespace} {
			if err := privatefile.Folder(each); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err = write(); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

func encode(r *recording.Recording) ([]byte, error) {
	text, err := json.MarshalIndent(r, "", " ")
	return append(text, '\n'), err
}

func removeFile(path string) {
	if err := privatefile.Remove(path); err != nil {
		logrus.WithError(err).Warn("the recording of a container that was not created is left")
	}
}
