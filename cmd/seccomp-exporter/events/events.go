// Package events posts Kubernetes events on pods whose calls seccomp profiles have refused, so
// that kubectl describe shows them also while a pod runs.
//
// The only right that it needs is to create events. So it does not raise the count of an event
// that is there, as kubelets do: each event says what is new since the one before. A pod has at
// most one event in [Interval] for each of its containers, and the node at most [mostAtOnce].
// What is not posted is part of a later event.
package events

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/reports"
)

const (
	// Interval is the shortest time between two events about a container.
	Interval = 5 * time.Minute
	// Pause is the time between two looks at the reports.
	Pause = 10 * time.Second

	component  = "seccomp-exporter"
	reason     = "SeccompDenied"
	mostAtOnce = 20   // events at one look
	longest    = 1024 // bytes of a message: the API server refuses more
)

// A Poster posts events. It is not for concurrent use.
type Poster struct {
	Dir  string // the folder of the reports
	Node string // the node's name
	Log  func(error)

	client rest.Interface
	known  map[string]*container // by namespace and ID
	failed string                // what was logged last
}

// A container is what is known about a container whose report is there.
type container struct {
	created time.Time
	posted  map[string]uint64 // the counts that events have said, by the call's text and answer
	last    time.Time         // the time of the last event
}

// New returns a poster for an API server.
func New(config *rest.Config, dir, node string, log func(error)) (*Poster, error) {
	client, err := newClient(config)
	if err != nil {
		return nil, err
	}
	return &Poster{Dir: dir, Node: node, Log: log, client: client}, nil
}

// Run posts events until ctx ends. Calls from before it began are not posted: an exporter that
// ran before may have done so.
func (p *Poster) Run(ctx context.Context) {
	for {
		p.look(ctx, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-time.After(Pause):
		}
	}
}

// look posts what is new.
func (p *Poster) look(ctx context.Context, now time.Time) {
	all, err := reports.Read(p.Dir)
	p.log(err)
	if err != nil && len(all) == 0 {
		return
	}
	first := p.known == nil
	before := p.known
	p.known = make(map[string]*container, len(all))
	posted := 0
	for _, r := range all {
		key := r.Namespace + "/" + r.ID
		c := before[key]
		if c == nil || !c.created.Equal(r.Created) {
			c = &container{created: r.Created, posted: map[string]uint64{}}
		}
		p.known[key] = c
		if first {
			c.posted = countsOf(r)
		}
		message := c.news(r)
		if message == "" || r.Pod == nil || r.Pod.UID == "" || posted >= mostAtOnce || now.Sub(c.last) < Interval {
			continue
		}
		posted++
		c.last = now // also after a failure: a namespace that is being deleted takes no event
		if err := create(ctx, p.client, p.event(r, message, now.Add(time.Duration(posted)))); err != nil {
			p.log(fmt.Errorf("post an event on pod %s/%s: %w", r.Pod.Namespace, r.Pod.Name, err))
			continue
		}
		c.posted = countsOf(r)
	}
}

// log logs an error, unless it is the last one again.
func (p *Poster) log(err error) {
	if err == nil {
		return
	}
	if text := err.Error(); text != p.failed {
		p.failed = text
		p.Log(err)
	}
}

func keyOf(d *denials.Denial) string { return d.Text + ": " + d.Answer + " by " + d.Rule }

// countsOf returns the counts of a report's calls.
func countsOf(r *denials.Report) map[string]uint64 {
	counts := map[string]uint64{}
	for _, d := range r.Shown() {
		counts[keyOf(d)] += d.Count
	}
	return counts
}

// news says which calls were refused since the last event, the most frequent first, or "".
func (c *container) news(r *denials.Report) string {
	type grown struct {
		text  string
		count uint64
	}
	var all []grown
	for text, count := range countsOf(r) {
		if count > c.posted[text] {
			all = append(all, grown{text, count - c.posted[text]})
		}
	}
	slices.SortFunc(all, func(a, b grown) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.text, b.text)) })
	var out strings.Builder
	if r.Mode == denials.Trial && len(all) > 0 {
		out.WriteString("on trial, let through: ")
	}
	for i, g := range all {
		call, rest, _ := strings.Cut(g.text, ": ")
		line := fmt.Sprintf("%s ×%d: %s", call, g.count, rest)
		if more := fmt.Sprintf("; and %d other calls", len(all)-i); out.Len()+len("; ")+len(line)+len(more) > longest {
			out.WriteString(more)
			break
		}
		if i > 0 {
			out.WriteString("; ")
		}
		out.WriteString(line)
	}
	return mistake.Line(out.String())
}

func (p *Poster) event(r *denials.Report, message string, now time.Time) *corev1.Event {
	at := metav1.NewTime(now)
	const longestName = 253 - len(".0123456789abcdef") // RFC 1123, section 2.1
	name := r.Pod.Name[:min(len(r.Pod.Name), longestName)]
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: r.Pod.Namespace, Name: fmt.Sprintf("%s.%x", name, now.UnixNano())},
		InvolvedObject: corev1.ObjectReference{
			APIVersion: "v1", Kind: "Pod", Namespace: r.Pod.Namespace, Name: r.Pod.Name, UID: types.UID(r.Pod.UID),
			FieldPath: "spec.containers{" + r.Pod.Container + "}",
		},
		Type: corev1.EventTypeWarning, Reason: reason, Message: message, Count: 1,
		Source:         corev1.EventSource{Component: component, Host: p.Node},
		FirstTimestamp: at, LastTimestamp: at,
	}
}
