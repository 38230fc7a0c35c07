package main

import (
	"math/rand/v2"
	"slices"
)

// summary describes the values of one metric and subject.
type summary struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	P10    float64 `json:"p10"`
	P90    float64 `json:"p90"`
	Count  int     `json:"count"`
}

func summarize(ms []float64) summary {
	sorted := slices.Sorted(slices.Values(ms))
	return summary{
		Median: quantile(sorted, 0.5),
		Min:    sorted[0],
		P10:    quantile(sorted, 0.1),
		P90:    quantile(sorted, 0.9),
		Count:  len(sorted),
	}
}

// quantile returns a quantile of sorted values. It interpolates between two values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low+1 == len(sorted) {
		return sorted[low]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

// interval is a ratio of medians with its 90 % confidence interval.
type interval struct {
	Ratio float64 `json:"ratio"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ratio divides the medians of two series of the same rounds. It computes the confidence
// interval by bootstrap: many times it draws rounds at random and divides their medians.
func ratio(a, b []float64) interval {
	const draws = 1000
	random := rand.New(rand.NewPCG(1, 1)) // the same samples give the same interval
	drawnA, drawnB := make([]float64, len(a)), make([]float64, len(b))
	ratios := make([]float64, draws)
	for i := range ratios {
		for j := range drawnA {
			round := random.IntN(len(a))
			drawnA[j], drawnB[j] = a[round], b[round]
		}
		ratios[i] = median(drawnA) / median(drawnB)
	}
	slices.Sort(ratios)
	return interval{
		Ratio: median(slices.Clone(a)) / median(slices.Clone(b)),
		Low:   quantile(ratios, 0.05),
		High:  quantile(ratios, 0.95),
	}
}

// median sorts its argument.
func median(ms []float64) float64 {
	slices.Sort(ms)
	return quantile(ms, 0.5)
}
