package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// result collects the results of the suite's tests and subtests.
type result struct {
	progress                io.Writer // receives the failures as they come
	passed, failed, skipped []string
	line                    []byte // a line that has begun
	ended                   func() // called when no further test follows
}

// verdictLine is the line that go test writes at a test's end. It begins with a mark,
// because the output of the test itself may have left its line unfinished.
var verdictLine = regexp.MustCompile(`\x16 *--- (PASS|FAIL|SKIP): (\S+) \(`)

// Write reads the suite's output.
func (r *result) Write(p []byte) (int, error) {
	for rest := p; ; {
		before, after, found := bytes.Cut(rest, []byte("\n"))
		r.line = append(r.line, before...)
		if !found {
			return len(p), nil
		}
		r.read(r.line)
		r.line, rest = r.line[:0], after
	}
}

func (r *result) read(line []byte) {
	if text := strings.TrimPrefix(string(line), "\x16"); text == "PASS" || text == "FAIL" {
		r.ended()
	}
	match := verdictLine.FindSubmatch(line)
	if match == nil {
		return
	}
	test := string(match[2])
	switch string(match[1]) {
	case "PASS":
		r.passed = append(r.passed, test)
	case "SKIP":
		r.skipped = append(r.skipped, test)
	case "FAIL":
		r.failed = append(r.failed, test)
		fmt.Fprintf(r.progress, "failed: %s\n", test)
	}
}

func (r *result) write(w io.Writer) {
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", len(r.passed), len(r.failed), len(r.skipped))
	for _, test := range r.failed {
		fmt.Fprintf(w, "failed   %s\n", test)
	}
	for _, test := range r.skipped {
		fmt.Fprintf(w, "skipped  %s\n", test)
	}
}

func (r *result) verdict() error {
	if len(r.failed) > 0 {
		return fmt.Errorf("%d tests failed", len(r.failed))
	}
	if len(r.passed) == 0 {
		return fmt.Errorf("no test was run")
	}
	return nil
}
