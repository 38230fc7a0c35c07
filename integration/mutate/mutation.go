package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutation is a small edit of one place that breaks a promise.
type mutation struct {
	name   string
	breaks string // the effect, for docs/mutations.md
	file   string // path from the root of the sources; below build/ it is in the copy of a module
	old    string // a text that the file has once
	new    string
	tests  []test // each of them must fail
}

// A test is a test of a package, for go test -run.
type test struct{ folder, name string }

func (t test) String() string { return t.folder + " " + t.name }

// needsShim reports whether the test runs the shim's binary.
func (t test) needsShim() bool { return t.folder == integration }

const integration = "integration"

// in returns the named tests of a package.
func in(folder string, names ...string) []test {
	var all []test
	for _, name := range names {
		all = append(all, test{folder, name})
	}
	return all
}

// all is every mutation, in the order of the page.
func all() []mutation {
	return slices.Concat(descriptors, socket, start, choice, profiles, compilation, caching, killing, observing, recorded, deploying)
}

// edited returns the text of the mutation's file in a tree, before and after the edit.
func (m mutation) edited(tree string) (before, after string, err error) {
	text, err := os.ReadFile(filepath.Join(tree, m.file))
	if err != nil {
		return "", "", err
	}
	before = string(text)
	if found := strings.Count(before, m.old); found != 1 {
		return "", "", fmt.Errorf("%s contains %q %d times, not once", m.file, m.old, found)
	}
	return before, strings.Replace(before, m.old, m.new, 1), nil
}

// apply edits the tree. undo restores it.
func (m mutation) apply(tree string) (undo func() error, err error) {
	before, after, err := m.edited(tree)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(tree, m.file)
	undo = func() error { return os.WriteFile(path, []byte(before), 0o644) }
	return undo, os.WriteFile(path, []byte(after), 0o644)
}

// inCopy reports whether the file is in the copy of a module. shim/patch makes a
// changed copy again.
func (m mutation) inCopy() bool { return strings.HasPrefix(m.file, "build/") }

// needsShim reports whether a test of the mutation runs the shim's binary.
func (m mutation) needsShim() bool { return slices.ContainsFunc(m.tests, test.needsShim) }
