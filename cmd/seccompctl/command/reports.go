package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"seccomp-shim/seccomp/denials"
)

// readReports returns the reports below a folder, in the order of their names. A report that
// is removed meanwhile is left out. Without the folder there are none: the shim makes it
// for the first observed container.
func readReports(dir string) ([]*denials.Report, error) {
	namespaces, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*denials.Report
	for _, namespace := range namespaces {
		files, err := os.ReadDir(filepath.Join(dir, namespace.Name()))
		if err != nil {
			continue // no folder
		}
		for _, file := range files {
			if strings.HasPrefix(file.Name(), ".") || filepath.Ext(file.Name()) != ".json" {
				continue
			}
			r, err := readReport(filepath.Join(dir, namespace.Name(), file.Name()))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// maxReportBytes is more than denials.MostDistinct calls with the longest names take.
const maxReportBytes = 4 << 20

func readReport(path string) (*denials.Report, error) {
	text, err := read(nil, path, maxReportBytes)
	if err != nil {
		return nil, err
	}
	r := &denials.Report{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if r.Format != denials.ReportFormat {
		return nil, fmt.Errorf("%s: format %d, this seccompctl knows %d: use the one of the shim's version", path, r.Format, denials.ReportFormat)
	}
	return r, nil
}
