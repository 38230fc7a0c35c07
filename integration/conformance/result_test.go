package main

import (
	"slices"
	"testing"
)

// The output of a test may precede a verdict on its line, or look like a verdict.
func TestResultsAreRead(t *testing.T) {
	ended := false
	r := &result{progress: t.Output(), ended: func() { ended = true }}
	for _, chunk := range []string{
		"=== RUN   TestA\nhello\x16--- PA", "SS: TestA (0.01s)\n",
		"\x16--- PASS: TestB/a_case (1.00s)\n--- FAIL: TestNone (0.00s)\n",
		"\x16--- SKIP: TestC (0.00s)\n\x16--- FAIL: TestD (0.00s)\nPASSED\n",
	} {
		if n, err := r.Write([]byte(chunk)); n != len(chunk) || err != nil {
			t.Fatal(n, err)
		}
	}
	if ended {
		t.Error("the end is seen before it comes")
	}
	_, _ = r.Write([]byte("\x16FAIL\n"))
	if !ended || !slices.Equal(r.passed, []string{"TestA", "TestB/a_case"}) ||
		!slices.Equal(r.skipped, []string{"TestC"}) || !slices.Equal(r.failed, []string{"TestD"}) {
		t.Errorf("read %+v", r)
	}
	if r.verdict() == nil {
		t.Error("no error for a failure")
	}
}
