package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/reports"
	"seccomp-shim/version"
)

// Config says where the reports are, and what is made of them.
type Config struct {
	Dir       string      // the folder of the reports
	MaxSeries int         // bounds the series of seccomp_denials_total
	Log       func(error) // is told about reports that cannot be read, if that has changed
}

// A collector reads the reports at each scrape.
type collector struct {
	config Config

	mu     sync.Mutex
	ledger *ledger // guarded by mu
	failed string  // guarded by mu; what was logged last
}

var (
	denialsTotal = prometheus.NewDesc("seccomp_denials_total",
		"Calls that the seccomp profiles of observed containers have refused. In mode trial they were let through.", labelNames, nil)
	observedContainers = prometheus.NewDesc("seccomp_observed_containers",
		"Running containers whose refused calls are observed.", []string{"mode"}, nil)
	seriesInUse = prometheus.NewDesc("seccomp_exporter_series",
		"Series of seccomp_denials_total, without the one that stands for all others.", nil, nil)
	seriesMax = prometheus.NewDesc("seccomp_exporter_max_series",
		"The bound of seccomp_exporter_series. Calls beyond it have labels with the value other.", nil, nil)
	unreadable = prometheus.NewDesc("seccomp_exporter_unreadable_reports",
		"Reports that cannot be read, or the folder of the reports.", nil, nil)
	buildInfo = prometheus.NewDesc("seccomp_exporter_build_info",
		"1, with the version of the exporter.", []string{"version"}, nil)
)

// NewRegistry returns a registry with all metrics of the exporter, and those of its process.
func NewRegistry(config Config) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(&collector{config: config, ledger: newLedger(config.MaxSeries)},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{denialsTotal, observedContainers, seriesInUse, seriesMax, unreadable, buildInfo} {
		out <- d
	}
}

// Collect implements prometheus.Collector. If the folder itself cannot be read, the counters
// stay as they were, so that they do not seem to be reset.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, err := reports.Read(c.config.Dir)
	if err == nil || len(all) > 0 {
		c.ledger.update(all)
	}
	c.log(err)
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(l labels, s *series) {
		out <- prometheus.MustNewConstMetric(denialsTotal, prometheus.CounterValue, float64(s.total), l.values()...)
	}
	for l, s := range c.ledger.series {
		counter(l, s)
	}
	if c.ledger.overflow != nil {
		counter(overflowLabels, c.ledger.overflow)
	}
	running := map[denials.Mode]int{denials.Enforcing: 0, denials.Trial: 0}
	for _, r := range all {
		if r.Ended == nil {
			running[r.Mode]++
		}
	}
	for mode, count := range running {
		gauge(observedContainers, float64(count), string(mode))
	}
	gauge(seriesInUse, float64(len(c.ledger.series)))
	gauge(seriesMax, float64(c.config.MaxSeries))
	gauge(unreadable, float64(failures(err)))
	gauge(buildInfo, 1, version.String())
}

// log logs an error once. Hold mu.
func (c *collector) log(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != c.failed && err != nil {
		c.config.Log(err)
	}
	c.failed = text
}

// failures returns how many errors are joined in one.
func failures(err error) int {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return 0
	case !ok:
		return 1
	}
	sum := 0
	for _, e := range joined.Unwrap() {
		sum += failures(e)
	}
	return sum
}
