package main

// metric is a quantity that is measured for each subject. For every metric lower is better.
type metric struct {
	Group string `json:"group"` // metrics of a group share a plot
	Name  string `json:"name"`
	Unit  string `json:"unit"`
}

const (
	milliseconds = "ms"
	mebibytes    = "MiB"
	// percent means percent of one processor, as in top(1).
	percent      = "%"
	microseconds = "µs"
)

var (
	metricStart   = metric{"life", "create+start", milliseconds}
	metricKill    = metric{"life", "kill..exit", milliseconds}
	metricDelete  = metric{"life", "delete", milliseconds}
	metricLife    = metric{"life", "create..delete", milliseconds}
	metricFurther = metric{"life", "further container", milliseconds}

	metricExec  = metric{"exec", "exec", milliseconds}
	metricExecs = metric{"exec", "10 execs at once", milliseconds}

	metricProbes = metric{"exec", "probes", percent}

	metricRefused     = metric{"calls", "refused call", microseconds}
	metricAllowed     = metric{"calls", "allowed call", microseconds}
	metricStorm       = metric{"calls", "100,000 refused calls", milliseconds}
	metricStormMemory = metric{"calls", "shim, growth by 100,000 refused calls", mebibytes}

	metricServe   = metric{"record", "serve 20,000 requests", milliseconds}
	metricFind    = metric{"record", "find in /usr", milliseconds}
	metricCompile = metric{"record", "compile a C program", milliseconds}

	metricPodsTime      = metric{"pods", "pods at once", milliseconds}
	metricPodsProcessor = metric{"pods", "pods, processor time", milliseconds}
	metricPodsPeak      = metric{"pods", "pods, peak memory", mebibytes}

	metricPrivate = metric{"memory", "shim, private", mebibytes}
	metricPSS     = metric{"memory", "shim, PSS", mebibytes}
	metricGrowth  = metric{"memory", "shim, growth by execs", mebibytes}
)

// metrics are all metrics, in the order of the report.
var metrics = []metric{
	metricStart, metricFurther, metricKill, metricDelete, metricLife,
	metricExec, metricExecs, metricProbes,
	metricRefused, metricAllowed, metricStorm, metricStormMemory,
	metricServe, metricFind, metricCompile,
	metricPodsTime, metricPodsProcessor, metricPodsPeak,
	metricPrivate, metricPSS, metricGrowth,
}

// samples are the measured values by metric and subject, in the order of the rounds.
type samples map[metric]map[subject][]float64

func (s samples) add(m metric, of subject, value float64) {
	if s[m] == nil {
		s[m] = map[subject][]float64{}
	}
	s[m][of] = append(s[m][of], value)
}
