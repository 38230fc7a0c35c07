package metrics

import (
	"time"

	"seccomp-shim/seccomp/denials"
)

// labels are the values of the labels of a series of seccomp_denials_total, in the order of
// labelNames.
type labels struct{ namespace, pod, container, syscall, answer, mode string }

var labelNames = []string{"namespace", "pod", "container", "syscall", "answer", "mode"}

func (l labels) values() []string {
	return []string{l.namespace, l.pod, l.container, l.syscall, l.answer, l.mode}
}

// other is the value of labels that stand for many.
const other = "other"

var overflowLabels = labels{other, other, other, other, other, other}

// A source is a report: an ID may be used again, for another container.
type source struct {
	namespace, id string
	created       time.Time
}

// An entry is what one report says about one series.
type entry struct {
	source
	labels
}

// A counted is the state of an entry.
type counted struct {
	series *series
	count  uint64 // at the last scrape; it is part of the series' total
	ended  bool   // the container has ended, so its report comes back no more
	seen   bool   // at the current scrape
}

type series struct {
	total uint64
	live  bool // it has a report at the current scrape
}

// A ledger adds the counts of reports up. It is not for concurrent use.
type ledger struct {
	most     int // distinct series, without overflow
	series   map[labels]*series
	overflow *series // nil until it is needed
	entries  map[entry]*counted
}

func newLedger(most int) *ledger {
	return &ledger{most: most, series: map[labels]*series{}, entries: map[entry]*counted{}}
}

// update takes all reports that are there now.
func (l *ledger) update(reports []*denials.Report) {
	for _, s := range l.series {
		s.live = false
	}
	for _, e := range l.entries {
		e.seen = false
	}
	for _, r := range reports {
		for labels, count := range countsOf(r) {
			l.add(entry{source{r.Namespace, r.ID, r.Created}, labels}, count, r.Ended != nil)
		}
	}
	l.forget()
}

func (l *ledger) add(e entry, count uint64, ended bool) {
	c := l.entries[e]
	if c == nil {
		c = &counted{series: l.place(e.labels)}
		l.entries[e] = c
	}
	if count > c.count {
		c.series.total += count - c.count
		c.count = count
	}
	c.series.live, c.ended, c.seen = true, ended, true
}

// place returns the series for labels. Where an entry is counted does not change.
func (l *ledger) place(labels labels) *series {
	s := l.series[labels]
	switch {
	case s != nil:
	case len(l.series) < l.most:
		s = &series{}
		l.series[labels] = s
	case l.overflow == nil:
		l.overflow = &series{}
		s = l.overflow
	default:
		s = l.overflow
	}
	return s
}

// forget drops series without a report, and entries that are not needed any more. The report
// of a running container that the shim has removed comes back with its next call, and goes on
// from its count: its entry stays as long as the series does.
func (l *ledger) forget() {
	for labels, s := range l.series {
		if !s.live {
			delete(l.series, labels)
		}
	}
	for key, c := range l.entries {
		gone := c.series != l.overflow && l.series[key.labels] != c.series
		if gone || !c.seen && c.ended {
			delete(l.entries, key)
		}
	}
}

// countsOf returns the counts of a report's calls by their labels.
func countsOf(r *denials.Report) map[labels]uint64 {
	all := labels{container: r.ID, mode: string(r.Mode)}
	if r.Pod != nil {
		all.namespace, all.pod, all.container = r.Pod.Namespace, r.Pod.Name, r.Pod.Container
	}
	counts := map[labels]uint64{}
	for _, d := range r.Shown() {
		l := all
		l.syscall, l.answer = d.Syscall, d.Answer
		counts[l] += d.Count
	}
	if r.Others > 0 {
		l := all
		l.syscall, l.answer = other, other
		counts[l] += r.Others
	}
	return counts
}
