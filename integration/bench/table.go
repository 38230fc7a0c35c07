package main

import (
	"fmt"
	"io"
)

// writeTable prints the result for people.
func writeTable(w io.Writer, r *result) {
	m := r.Machine
	fmt.Fprintf(w, "%s, %d CPUs (%s), Linux %s, %s\n", m.Time.Format("2006-01-02 15:04"), m.CPUs, m.CPU, m.Kernel, m.System)
	fmt.Fprintf(w, "containerd %s, runc %s, crun %s, libseccomp %s, %s; %s %s\n",
		m.Versions["containerd"], m.Versions["runc"], m.Versions["crun"], m.Libseccomp, m.Go, ours, m.Versions[ours])
	fmt.Fprintf(w, "load average before: %s\n", m.Load)

	for _, metric := range []string{metricStart, metricLife, metricExec} {
		writeTimes(w, metric, r)
	}
	writeRatios(w, r)
	writeCompile(w, r.Compile)
	writeMemory(w, r.Memory)
}

const timesRow = "%-14s  %-14s  %8.1f  %6.1f  %6.1f  %6.1f  %5d\n"

func writeTimes(w io.Writer, metric string, r *result) {
	fmt.Fprintf(w, "\n%-14s  %-14s  %8s  %6s  %6s  %6s  %5s\n", metric, "profile", "ms", "p10", "p90", "min", "n")
	for _, t := range r.Times {
		if t.Metric == metric {
			fmt.Fprintf(w, timesRow, t.Runtime, t.Profile, t.Ms.Median, t.Ms.P10, t.Ms.P90, t.Ms.Min, t.Ms.Count)
		}
	}
}

func writeRatios(w io.Writer, r *result) {
	fmt.Fprintf(w, "\n%-66s  %5s  %12s\n", "ratio of medians", "", "90 % sure")
	for _, c := range r.Ratios {
		fmt.Fprintf(w, "%-14s  %-50s  %5.2f  %.2f to %.2f\n", c.Metric, c.Of+" / "+c.To, c.Ratio, c.Low, c.High)
	}
}

func writeCompile(w io.Writer, c compiling) {
	fmt.Fprintf(w, "\n%-30s  %8s  %6s  %6s  %6s  %5s\n", "default profile", "ms", "p10", "p90", "min", "n")
	for _, row := range []struct {
		what string
		ms   summary
	}{
		{"compile and check", c.Cold},
		{"found on disk", c.Disk},
		{"found in memory", c.Memory},
	} {
		fmt.Fprintf(w, "%-30s  %8.2f  %6.2f  %6.2f  %6.2f  %5d\n", row.what, row.ms.Median, row.ms.P10, row.ms.P90, row.ms.Min, row.ms.Count)
	}
	fmt.Fprintf(w, "The first compilation of the process took %.0f ms; the program has %d instructions.\n", c.First, c.Instructions)
}

func writeMemory(w io.Writer, all []memory) {
	fmt.Fprintf(w, "\n%-14s  %-14s  %8s  %6s  %8s  %7s  %5s\n", "idle shim", "profile", "RSS MiB", "PSS", "private", "threads", "execs")
	for _, m := range all {
		fmt.Fprintf(w, "%-14s  %-14s  %8.1f  %6.1f  %8.1f  %7d  %5d\n", m.Runtime, m.Profile, m.RSS, m.PSS, m.Private, m.Threads, m.Execs)
	}
}
