package main

import (
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	unsorted := []float64{5, 1, 4, 2, 3, 11, 10, 9, 8, 7, 6}
	if got, want := summarize(unsorted), (summary{Median: 6, Min: 1, P10: 2, P90: 10, Count: 11}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if unsorted[0] != 5 {
		t.Error("the samples were reordered: their index is no longer the round")
	}
	if got := summarize([]float64{1, 2}); got.Median != 1.5 {
		t.Errorf("the median of 1 and 2 is %v", got.Median)
	}
	if got := summarize([]float64{7}); got.Median != 7 || got.P90 != 7 {
		t.Errorf("one sample: %+v", got)
	}
}

// A disturbance of a whole round does not change the ratio, because both values of a round are
// drawn together.
func TestRatioIsOfPairs(t *testing.T) {
	var a, b []float64
	for round := range 100 {
		disturbed := 1 + float64(round%10)
		a, b = append(a, 11*disturbed), append(b, 10*disturbed)
	}
	before := slices.Clone(a)
	got := ratio(a, b)
	if got.Ratio < 1.0999 || got.Ratio > 1.1001 || got.Low < 1.09 || got.High > 1.11 {
		t.Errorf("got %+v, want 1.1 with a narrow interval", got)
	}
	if !slices.Equal(a, before) {
		t.Error("the samples were reordered")
	}
}
