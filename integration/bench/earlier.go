package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// readEarlier reads the result of an earlier run from a file. It returns nil for an empty path.
func readEarlier(path string) (*result, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("-compare %s: want the output of -o json: %w", path, err)
	}
	if len(r.Ratios) == 0 {
		return nil, fmt.Errorf("-compare %s: no ratios in it", path)
	}
	return r, nil
}

// writeComparison prints the ratios of two runs. It does not compare times, because the runs
// may have been on different machines, or on a busy one.
func writeComparison(w io.Writer, earlier, now *result) {
	fmt.Fprintf(w, "\nratios of %s (%s %s), and now\n", earlier.Machine.Time.Format("2006-01-02 15:04"), ours, earlier.Machine.Versions[ours])
	before := map[[3]string]interval{}
	for _, c := range earlier.Ratios {
		before[[3]string{c.Metric, c.Of, c.To}] = c.interval
	}
	for _, c := range now.Ratios {
		old, ok := before[[3]string{c.Metric, c.Of, c.To}]
		if !ok {
			continue
		}
		verdict := "the same within 90 %"
		switch {
		case c.High < old.Low:
			verdict = "lower"
		case c.Low > old.High:
			verdict = "higher"
		}
		fmt.Fprintf(w, "%-20s  %-50s  %5.2f  %5.2f  %s\n", c.Metric, c.Of+" / "+c.To, old.Ratio, c.Ratio, verdict)
	}
}
