package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// stampName is the file in a copy with the copy's checksum and how it was made.
const stampName = "PATCHED"

// checkSource compares the files of a directory with the module's checksum. `go mod
// download` compares only when it unpacks a module, and does not see what was changed
// in the module cache after that.
func (m module) checkSource(dir string) error {
	sum, err := dirhash.HashDir(dir, m.path+"@"+m.version, dirhash.Hash1)
	if err == nil && sum != m.sum {
		err = fmt.Errorf("the files of %s have the checksum %s, not %s: something has changed the module cache; go clean -modcache empties it", m.version, sum, m.sum)
	}
	return err
}

// stamp returns the text that the stamp of an unchanged copy has.
func (m module) stamp(copied string) (string, error) {
	sum, err := hashCopy(copied)
	return sum + "\n" + m.identity(), err
}

// hashCopy returns the checksum of a copy's files, except for its stamp.
func hashCopy(dir string) (string, error) {
	files, err := dirhash.DirFiles(dir, "")
	if err != nil {
		return "", err
	}
	files = slices.DeleteFunc(files, func(name string) bool { return name == stampName })
	return dirhash.Hash1(files, func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join(dir, name)) })
}

// isMade reports whether target is already the copy that this command makes. It prints
// a warning if somebody has changed the copy by hand, since that change will be lost.
func (m module) isMade(target string) bool {
	said, err := os.ReadFile(filepath.Join(target, stampName))
	if err != nil {
		return false
	}
	want, err := m.stamp(target)
	if err == nil && string(said) != want && strings.HasPrefix(string(said), "h1:") && strings.HasSuffix(string(said), m.identity()) {
		fmt.Fprintf(os.Stderr, "patch %s: %s was changed by hand, and is made again: changes belong into shim/patch\n", m.path, target)
	}
	return err == nil && string(said) == want
}
