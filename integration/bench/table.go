package main

import (
	"fmt"
	"io"
)

// writeTable prints the result as tables.
func writeTable(w io.Writer, r *result) {
	m := r.Machine
	fmt.Fprintf(w, "%s, %d CPUs (%s), Linux %s, %s, cgroup %s\n",
		m.Time.Format("2006-01-02 15:04"), m.CPUs, m.CPU, m.Kernel, m.System, m.Cgroups)
	fmt.Fprintf(w, "containerd %s, runc %s, crun %s, libseccomp %s, %s; %s %s\n",
		m.Versions["containerd"], m.Versions["runc"], m.Versions["crun"], m.Libseccomp, m.Go, ours, m.Versions[ours])
	fmt.Fprintf(w, "load average before: %s\n", m.Load)
	writeFigures(w, r.Figures)
	writeRatios(w, r.Ratios)
	if r.Compile != nil {
		writeCompile(w, r.Compile)
	}
}

func writeFigures(w io.Writer, all []figure) {
	var last metric
	for _, f := range all {
		if f.Metric != last {
			last = f.Metric
			fmt.Fprintf(w, "\n%-22s  %-14s  %8s  %7s  %7s  %7s  %5s\n", last.Name, "profile", last.Unit, "p10", "p90", "min", "n")
		}
		v := f.Value
		fmt.Fprintf(w, "%-22s  %-14s  %8.1f  %7.1f  %7.1f  %7.1f  %5d\n", f.Runtime, f.Profile, v.Median, v.P10, v.P90, v.Min, v.Count)
	}
}

func writeRatios(w io.Writer, all []comparison) {
	fmt.Fprintf(w, "\n%-72s  %5s  %12s\n", "ratio of medians", "", "90 % interval")
	for _, c := range all {
		fmt.Fprintf(w, "%-20s  %-50s  %5.2f  %.2f to %.2f\n", c.Metric, c.Of+" / "+c.To, c.Ratio, c.Low, c.High)
	}
}

func writeCompile(w io.Writer, c *compilations) {
	fmt.Fprintf(w, "\n%-30s  %8s  %6s  %6s  %6s  %5s\n", "default profile", "ms", "p10", "p90", "min", "n")
	for _, row := range []struct {
		name string
		ms   summary
	}{
		{"compile and check", c.Cold},
		{"found on disk", c.Disk},
	} {
		fmt.Fprintf(w, "%-30s  %8.2f  %6.2f  %6.2f  %6.2f  %5d\n", row.name, row.ms.Median, row.ms.P10, row.ms.P90, row.ms.Min, row.ms.Count)
	}
	fmt.Fprintf(w, "The first compilation of the process took %.0f ms; the program has %d instructions.\n", c.First, c.Instructions)
}
