// Package reports reads the reports that the shims of a node write about observed containers.
// Package observe writes them.
package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"seccomp-shim/seccomp/denials"
)

// Read returns the reports below a folder, in the order of their names. A report that is
// removed meanwhile is left out. Without the folder there are none: the shim makes it for the
// first observed container. The error names each report that cannot be read; the others are
// returned nevertheless.
func Read(dir string) (all []*denials.Report, failed error) {
	namespaces, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, namespace := range namespaces {
		files, err := os.ReadDir(filepath.Join(dir, namespace.Name()))
		if err != nil {
			continue // no folder
		}
		for _, file := range files {
			if strings.HasPrefix(file.Name(), ".") || filepath.Ext(file.Name()) != ".json" {
				continue
			}
			r, err := ReadFile(filepath.Join(dir, namespace.Name(), file.Name()))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				failed = errors.Join(failed, err)
			default:
				all = append(all, r)
			}
		}
	}
	return all, failed
}

// Of returns the report of a container of containerd.
func Of(dir, namespace, id string) (*denials.Report, error) {
	return ReadFile(filepath.Join(dir, namespace, id+".json"))
}

// maxBytes is more than denials.MostDistinct calls with the longest names take.
const maxBytes = 4 << 20

// ReadFile reads one report.
func ReadFile(path string) (*denials.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%s: more than the limit of %d bytes", path, maxBytes)
	}
	r := &denials.Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != denials.ReportFormat {
		return nil, fmt.Errorf("%s: format %d, this program knows %d: use the one of the shim's version", path, r.Format, denials.ReportFormat)
	}
	return r, nil
}
