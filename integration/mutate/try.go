package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// try applies a mutation, and returns the reason if it is not caught.
func (t *tree) try(m mutation) (err error) {
	undo, err := m.apply(t.root)
	if undo != nil {
		defer func() { err = errors.Join(err, undo()) }()
	}
	if err != nil {
		return err
	}
	if m.needsShim() {
		if err := t.build(m.inCopy()); err != nil {
			return fmt.Errorf("it does not build: %w", err)
		}
	}
	for _, test := range m.tests {
		output, passed := t.test(test.folder, []string{test.name})
		if err := judge(test, output, passed); err != nil {
			return err
		}
	}
	return nil
}

// judge returns an error unless a test has caught a mutation. A failure is not enough:
// if a mutation does not compile, or the test does not exist, the run proves nothing.
func judge(t test, output string, passed bool) error {
	switch {
	case passed:
		return fmt.Errorf("it SURVIVES %s, which passes or is skipped", t)
	case strings.Contains(output, "[build failed]"), strings.Contains(output, "[setup failed]"):
		return fmt.Errorf("it does not build:\n%s", brief(output))
	case strings.Contains(output, "--- FAIL: "+t.name), strings.Contains(output, "panic: test timed out"):
		return nil
	}
	return fmt.Errorf("%s ends, but not by a failed test:\n%s", t, brief(output))
}

// passUnchanged checks that the tests pass without a mutation, and are not skipped.
// Otherwise their failure proves nothing.
func (t *tree) passUnchanged(mutations []mutation) error {
	names := map[string][]string{}
	var folders []string
	for _, m := range mutations {
		for _, test := range m.tests {
			if names[test.folder] == nil {
				folders = append(folders, test.folder)
			}
			if !slices.Contains(names[test.folder], test.name) {
				names[test.folder] = append(names[test.folder], test.name)
			}
		}
	}
	for _, folder := range folders {
		if output, passed := t.test(folder, names[folder]); !passed || strings.Contains(output, "--- SKIP: ") {
			return fmt.Errorf("without a mutation, tests of %s fail or are skipped:\n%s", folder, brief(output))
		}
	}
	return nil
}

// brief returns the output of go test without its progress and the tests that passed.
func brief(output string) string {
	var b strings.Builder
	for line := range strings.Lines(output) {
		if start := strings.TrimSpace(line); !strings.HasPrefix(start, "=== ") && !strings.HasPrefix(start, "--- PASS: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}
