package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A mutation is a small edit of one place by which a promise is broken.
type mutation struct {
	name   string
	breaks string // what happens then, as the page says it
	file   string // from the root of the sources; below build/, of a module's copy
	old    string // the text of the one place
	new    string
	tests  []test // each of them fails then
}

// A test is one that go test runs.
type test struct{ folder, name string }

func (t test) String() string { return t.folder + " " + t.name }

// needsShim reports whether the test runs the shim's binary.
func (t test) needsShim() bool { return t.folder == integration }

const integration = "integration"

// in names tests of a package.
func in(folder string, names ...string) []test {
	var all []test
	for _, name := range names {
		all = append(all, test{folder, name})
	}
	return all
}

// all is every mutation, in the order of the page.
func all() []mutation {
	return slices.Concat(descriptors, socket, start, choice, profiles, compilation, caching, killing)
}

// edited returns the text of the mutation's file in a tree, before and after.
func (m mutation) edited(tree string) (before, after string, err error) {
	text, err := os.ReadFile(filepath.Join(tree, m.file))
	if err != nil {
		return "", "", err
	}
	before = string(text)
	if found := strings.Count(before, m.old); found != 1 {
		return "", "", fmt.Errorf("%s has %d places that read %q, not one", m.file, found, m.old)
	}
	return before, strings.Replace(before, m.old, m.new, 1), nil
}

// apply edits the tree. undo takes it back.
func (m mutation) apply(tree string) (undo func() error, err error) {
	before, after, err := m.edited(tree)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(tree, m.file)
	undo = func() error { return os.WriteFile(path, []byte(before), 0o644) }
	return undo, os.WriteFile(path, []byte(after), 0o644)
}

// inCopy reports whether the file is of a module's copy, which shim/patch makes again
// when it finds it changed.
func (m mutation) inCopy() bool { return strings.HasPrefix(m.file, "build/") }

// needsShim reports whether one of the tests runs the shim's binary.
func (m mutation) needsShim() bool { return slices.ContainsFunc(m.tests, test.needsShim) }
