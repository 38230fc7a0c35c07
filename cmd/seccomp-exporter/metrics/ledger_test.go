package metrics

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"seccomp-shim/seccomp/denials"
)

func call(syscall string, count uint64) *denials.Denial {
	return &denials.Denial{Count: count, Call: denials.Call{Syscall: syscall, Answer: "ERRNO(1 operation not permitted)"}}
}

// ofPod returns a report of the container web of a pod.
func ofPod(pod, id string, calls ...*denials.Denial) *denials.Report {
	return &denials.Report{Namespace: "k8s.io", ID: id, Mode: denials.Enforcing, Created: time.Unix(1, 0),
		Pod: &denials.Pod{Namespace: "shop", Name: pod, Container: "web"}, Denials: calls}
}

func labelsOf(pod, syscall string) labels {
	return labels{"shop", pod, "web", syscall, "ERRNO(1 operation not permitted)", "denials"}
}

func mustCount(t *testing.T, l *ledger, what labels, want uint64) {
	t.Helper()
	if s := l.series[what]; s == nil || s.total != want {
		t.Errorf("%v: %+v, want %d", what, s, want)
	}
}

// Calls that agree in the labels are added up, of one container and of several, and probes
// are left out.
func TestCountsAreAdded(t *testing.T) {
	l := newLedger(10)
	probe, killed := call("clone3", 9), call("mkdir", 4)
	probe.Probe, killed.Answer = true, "KILL_PROCESS"
	first := ofPod("a", "1", call("mkdir", 1), call("mkdir", 2), probe, killed)
	first.Others = 5
	l.update([]*denials.Report{first, ofPod("a", "2", call("mkdir", 10)), {Namespace: "default", ID: "app", Mode: denials.Trial, Denials: []*denials.Denial{call("mkdir", 7)}}})
	mustCount(t, l, labelsOf("a", "mkdir"), 13)
	mustCount(t, l, labels{"shop", "a", "web", "mkdir", "KILL_PROCESS", "denials"}, 4)
	mustCount(t, l, labels{"shop", "a", "web", other, other, "denials"}, 5)
	mustCount(t, l, labels{"", "", "app", "mkdir", "ERRNO(1 operation not permitted)", "trial"}, 7)
	if len(l.series) != 4 || l.overflow != nil {
		t.Errorf("got %v", l.series)
	}
}

// A counter does not fall when the report of one of its containers is removed, and is dropped
// with the last one.
func TestCountersDoNotFall(t *testing.T) {
	l := newLedger(10)
	first, second := ofPod("a", "1", call("mkdir", 5)), ofPod("a", "2", call("mkdir", 1))
	first.Ended = &denials.End{}
	l.update([]*denials.Report{first, second})
	second.Denials[0].Count = 3
	l.update([]*denials.Report{second})
	mustCount(t, l, labelsOf("a", "mkdir"), 8)
	if len(l.entries) != 1 {
		t.Errorf("an ended container is remembered: %v", l.entries)
	}
	// The report of a running container is removed while others are written, and comes back.
	third := ofPod("a", "3", call("mkdir", 1))
	l.update([]*denials.Report{third})
	second.Denials[0].Count = 4
	l.update([]*denials.Report{second, third})
	mustCount(t, l, labelsOf("a", "mkdir"), 10)
	// The ID is used again.
	again := ofPod("a", "2", call("mkdir", 2))
	again.Created = time.Unix(2, 0)
	l.update([]*denials.Report{again, third})
	mustCount(t, l, labelsOf("a", "mkdir"), 12)
	l.update(nil)
	if len(l.series)+len(l.entries) != 0 {
		t.Errorf("something stays: %v, %v", l.series, l.entries)
	}
}

// Calls beyond the bound are counted in one series, where they stay.
func TestOverflow(t *testing.T) {
	l := newLedger(1)
	a, b, c := ofPod("a", "1", call("mkdir", 1)), ofPod("b", "2", call("mkdir", 2)), ofPod("c", "3", call("mkdir", 4))
	l.update([]*denials.Report{a, b, c})
	if len(l.series) != 1 || l.overflow == nil || l.overflow.total != 6 {
		t.Fatalf("got %v, %+v", l.series, l.overflow)
	}
	b.Denials[0].Count = 3
	l.update([]*denials.Report{b}) // a's series is free now
	if len(l.series) != 0 || l.overflow.total != 7 {
		t.Errorf("got %v, %+v", l.series, l.overflow)
	}
	l.update([]*denials.Report{ofPod("d", "4", call("mkdir", 1)), b})
	mustCount(t, l, labelsOf("d", "mkdir"), 1)
	if l.overflow.total != 7 {
		t.Errorf("got %+v", l.overflow)
	}
}

// While containers come, make calls and go, no call is lost or counted twice, and no counter
// falls.
func TestLedgerIsExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int{1, 5, 1000} {
		l := newLedger(most)
		var running []*denials.Report
		var made, dropped uint64
		for step := range 300 {
			for range random.IntN(3) {
				running = append(running, ofPod(fmt.Sprint("p", random.IntN(6)), fmt.Sprint(step, "-", len(running)), call("mkdir", 0), call("mount", 0)))
			}
			for _, r := range running {
				d := r.Denials[random.IntN(2)]
				more := uint64(random.IntN(4))
				d.Count += more
				made += more
			}
			before := map[*series]uint64{}
			for _, s := range l.series {
				before[s] = s.total
			}
			l.update(running)
			after := uint64(0)
			for _, s := range l.series {
				if s.total < before[s] {
					t.Fatalf("a counter falls from %d to %d", before[s], s.total)
				}
				after += s.total
				delete(before, s)
			}
			for _, last := range before { // its containers have gone
				dropped += last
			}
			if l.overflow != nil {
				after += l.overflow.total
			}
			if after+dropped != made || len(l.series) > most {
				t.Fatalf("step %d: %d counted, %d dropped, %d made, %d series", step, after, dropped, made, len(l.series))
			}
			for i := len(running) - 1; i >= 0; i-- {
				if random.IntN(10) == 0 {
					running[i].Ended = &denials.End{} // without a call since
				}
				if random.IntN(30) == 0 || running[i].Ended != nil && random.IntN(3) == 0 {
					running = append(running[:i], running[i+1:]...)
				}
			}
		}
	}
}
