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
	folder := filepath.Join(dir, r.Namespace)
	for _, each := range []string{filepath.Dir(dir), dir, folder} {
		if err := privatefile.Folder(each); err != nil {
			return "", err
		}
	}
	text, err := encode(r)
	if err != nil {
		return "", err
	}
	for at := r.Started; ; at = at.Add(time.Millisecond) {
		path := filepath.Join(folder, r.ID+"."+at.UTC().Format("20060102T150405.000Z")+".json")
		if err := privatefile.Create(path, text); !errors.Is(err, fs.ErrExist) {
			return path, err
		}
	}
}

func replaceFile(path string, r *recording.Recording) error {
	text, err := encode(r)
	if err != nil {
		return err
	}
	return privatefile.Replace(path, text)
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
