// Plot draws a result of the benchmark: a file bench-GROUP.svg for each group of metrics. A
// bar's height is the ratio of a median to runc's median; its label is the value. So
// milliseconds and MiB fit in one plot, and the plots of different machines are comparable.
//
//	make -s bench ARGS='-o json' >result.json
//	go run -C integration/bench/plot . FOLDER <result.json
//
// It is a module of its own, so that the project does not depend on the plotting library.
package main

import (
	"encoding/json"
	"fmt"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// result is the part of the benchmark's -o json that is drawn.
type result struct {
	Machine struct {
		CPU, Kernel, System, Cgroups string
		CPUs                         int
		Versions                     map[string]string
	}
	Figures []figure
}

type figure struct {
	Metric           struct{ Group, Name, Unit string }
	Runtime, Profile string
	Value            struct{ Median float64 }
}

const (
	profile  = "default" // the containers that are drawn
	baseline = "runc"
)

// runtimes are drawn in this order.
var runtimes = []struct {
	name  string
	color color.Color
}{
	{"seccomp-shim", color.RGBA{0x1b, 0x6c, 0xa8, 0xff}},
	{"runc", color.RGBA{0xb0, 0xb0, 0xb0, 0xff}},
	{"crun", color.RGBA{0xe0, 0x9f, 0x3e, 0xff}},
	{"seccomp-shim for the node", color.RGBA{0x8c, 0xbf, 0xe0, 0xff}},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: plot FOLDER <result.json")
		os.Exit(2)
	}
	if err := draw(os.Stdin, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "plot:", err)
		os.Exit(1)
	}
}

func draw(in io.Reader, folder string) error {
	var r result
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the result: %w", err)
	}
	var groups []string
	for _, f := range r.Figures {
		// What runc does not do has no ratio to draw.
		if f.Runtime == baseline && !slices.Contains(groups, f.Metric.Group) {
			groups = append(groups, f.Metric.Group)
		}
	}
	if len(groups) == 0 {
		return fmt.Errorf("read the result: no figures of %s in it", baseline)
	}
	for _, group := range groups {
		path := filepath.Join(folder, "bench-"+group+".svg")
		if err := r.drawGroup(group, path); err != nil {
			return fmt.Errorf("draw %s: %w", path, err)
		}
	}
	return nil
}

// series has the bars of one runtime, one for each metric.
type series struct {
	ratios plotter.Values
	labels []string
}

func (r *result) drawGroup(group, path string) error {
	names, byRuntime := r.series(group)
	p := plot.New()
	p.Title.Text = fmt.Sprintf("seccomp-shim beside runc %s and crun %s: %s, default profile",
		r.Machine.Versions["runc"], r.Machine.Versions["crun"], group)
	p.Y.Label.Text = "ratio to " + baseline + " (lower is better)"
	p.Y.Min = 0
	p.NominalX(names...)
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	const width = 26
	for i, rt := range runtimes {
		s, ok := byRuntime[rt.name]
		if !ok {
			continue
		}
		bars, err := plotter.NewBarChart(s.ratios, vg.Points(width))
		if err != nil {
			return err
		}
		bars.Color, bars.LineStyle.Width = rt.color, 0
		bars.Offset = vg.Points(float64(i-1) * width)
		p.Add(bars)
		p.Legend.Add(rt.name, bars)
		if err := addLabels(p, s, bars.Offset); err != nil {
			return err
		}
	}
	p.Y.Max *= 1.3 // room for labels and legend
	p.X.Min, p.X.Max = -0.6, float64(len(names))-0.4
	return p.Save(font.Length(len(names))*vg.Points(110)+vg.Points(90), vg.Points(300), path)
}

func (r *result) series(group string) (names []string, byRuntime map[string]*series) {
	base := map[string]float64{}
	for _, f := range r.Figures {
		if f.Metric.Group == group && f.Profile == profile && f.Runtime == baseline && f.Value.Median > 0 {
			base[f.Metric.Name] = f.Value.Median
			names = append(names, f.Metric.Name)
		}
	}
	byRuntime = map[string]*series{}
	for _, f := range r.Figures {
		if f.Metric.Group != group || f.Profile != profile || base[f.Metric.Name] == 0 {
			continue
		}
		s := byRuntime[f.Runtime]
		if s == nil {
			s = &series{make(plotter.Values, len(names)), make([]string, len(names))}
			byRuntime[f.Runtime] = s
		}
		i := slices.Index(names, f.Metric.Name)
		s.ratios[i] = f.Value.Median / base[f.Metric.Name]
		s.labels[i] = fmt.Sprintf("%.3g %s", f.Value.Median, f.Metric.Unit)
	}
	return names, byRuntime
}

// addLabels writes each bar's value above it.
func addLabels(p *plot.Plot, s *series, offset font.Length) error {
	at := make(plotter.XYs, len(s.ratios))
	for i, ratio := range s.ratios {
		at[i] = plotter.XY{X: float64(i), Y: ratio}
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: at, Labels: s.labels})
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font.Size = vg.Points(7)
		labels.TextStyle[i].XAlign = -0.5
	}
	labels.Offset = vg.Point{X: offset, Y: vg.Points(3)}
	p.Add(labels)
	return nil
}
