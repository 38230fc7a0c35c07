package events

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"seccomp-shim/seccomp/denials"
)

// An api is an API server that takes events.
type api struct {
	*Poster
	posted []corev1.Event
	status int // of its answers
	logged []string
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{status: http.StatusCreated}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var e corev1.Event
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		if want := "/api/v1/namespaces/" + e.Namespace + "/events"; err != nil || r.Method != "POST" || r.URL.Path != want {
			t.Errorf("%s %s, not %s, with %s: %v", r.Method, r.URL.Path, want, body, err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.status)
		if a.status == http.StatusCreated {
			a.posted = append(a.posted, e)
			_, _ = w.Write(body)
			return
		}
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no","reason":"Forbidden","code":%d}`, a.status)
	}))
	t.Cleanup(server.Close)
	var err error
	config := &rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
	a.Poster, err = New(config, t.TempDir(), "node-1", func(err error) { a.logged = append(a.logged, err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *api) write(t *testing.T, r *denials.Report) {
	t.Helper()
	r.Format, r.Namespace = denials.ReportFormat, "k8s.io"
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(a.Dir, r.Namespace), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.Dir, r.Namespace, r.ID+".json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func refused(text string, count uint64) *denials.Denial {
	return &denials.Denial{Count: count, Call: denials.Call{Text: text, Answer: "ERRNO(1 operation not permitted)", Rule: "syscalls[3]"}}
}

func cart(id string, calls ...*denials.Denial) *denials.Report {
	return &denials.Report{ID: id, Mode: denials.Enforcing, Denials: calls,
		Pod: &denials.Pod{Namespace: "shop", Name: "cart", UID: "u-1", Container: "web"}}
}

// messages returns the messages that were posted since the last call.
func (a *api) messages() string {
	var all []string
	for _, e := range a.posted {
		all = append(all, e.Message)
	}
	a.posted = nil
	return strings.Join(all, "|")
}

// An event is about the pod, and says which calls are new. What was there at the start, calls
// outside of pods and probes have none.
func TestEvents(t *testing.T) {
	a := newAPI(t)
	probe := refused("clone3", 5)
	probe.Probe = true
	a.write(t, cart("old", refused("mount", 9)))
	at := time.Unix(1795800000, 0)
	a.look(t.Context(), at)
	if got := a.messages(); got != "" {
		t.Errorf("at the start: %s", got)
	}
	a.write(t, cart("1", refused("openat2", 3), refused("mkdir(\x1b[31m)", 1), refused("openat2", 1), probe))
	a.write(t, &denials.Report{ID: "by-ctr", Mode: denials.Enforcing, Denials: []*denials.Denial{refused("mount", 1)}})
	a.look(t.Context(), at)
	if len(a.posted) != 1 {
		t.Fatalf("got %+v", a.posted)
	}
	e := a.posted[0]
	if e.InvolvedObject != (corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: "cart", UID: "u-1", FieldPath: "spec.containers{web}"}) ||
		e.Type != "Warning" || e.Reason != "SeccompDenied" || e.Source != (corev1.EventSource{Component: "seccomp-exporter", Host: "node-1"}) ||
		!e.LastTimestamp.Time.Equal(at) && e.LastTimestamp.Time.Sub(at) > time.Second || !strings.HasPrefix(e.Name, "cart.") {
		t.Errorf("got %+v", e)
	}
	const answer = ": ERRNO(1 operation not permitted) by syscalls[3]"
	if got := a.messages(); got != "openat2 ×4"+answer+`; mkdir(\x1b[31m) ×1`+answer {
		t.Errorf("got %s", got)
	}
}

// A container has one event in the interval, and the next one says what has come since.
func TestEventsAreFew(t *testing.T) {
	a := newAPI(t)
	at := time.Unix(1795800000, 0)
	a.look(t.Context(), at)
	const answer = ": ERRNO(1 operation not permitted) by syscalls[3]"
	for i, want := range []string{"mount ×1" + answer, "", "", "mount ×3" + answer} {
		a.write(t, cart("1", refused("mount", uint64(i+1))))
		a.look(t.Context(), at.Add(time.Duration(i)*Interval/3))
		if got := a.messages(); got != want {
			t.Errorf("%d: got %q, want %q", i, got, want)
		}
	}
	for i := range 3 * mostAtOnce {
		a.write(t, cart(fmt.Sprint("many", i), refused("mount", 1)))
	}
	names := map[string]bool{}
	for look := range 4 {
		a.look(t.Context(), at.Add(time.Hour))
		if want := []int{mostAtOnce, mostAtOnce, mostAtOnce, 0}[look]; len(a.posted) != want {
			t.Errorf("look %d posts %d, not %d", look, len(a.posted), want)
		}
		for _, e := range a.posted {
			names[e.Message] = true
		}
		a.posted = nil
	}
	long := cart("long")
	for i := range 100 {
		long.Denials = append(long.Denials, refused(fmt.Sprintf("ioctl(_, %#x)", i), 1))
	}
	long.Mode = denials.Trial
	a.write(t, long)
	a.look(t.Context(), at.Add(2*time.Hour))
	got := a.messages()
	if len(got) > longest || !strings.HasPrefix(got, "on trial, let through: ioctl(_, 0x0) ×1: ") || !strings.HasSuffix(got, " other calls") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

// A server that refuses is logged once, and its event is posted later.
func TestEventRefused(t *testing.T) {
	a := newAPI(t)
	at := time.Unix(1795800000, 0)
	a.look(t.Context(), at)
	a.status = http.StatusForbidden
	a.write(t, cart("1", refused("mount", 1)))
	for i := range 3 {
		a.look(t.Context(), at.Add(time.Duration(i)*Interval))
	}
	if len(a.logged) != 1 || !strings.Contains(a.logged[0], "post an event on pod shop/cart: ") {
		t.Errorf("logged %q", a.logged)
	}
	a.status = http.StatusCreated
	a.look(t.Context(), at.Add(3*Interval))
	if got := a.messages(); !strings.HasPrefix(got, "mount ×1: ") {
		t.Errorf("got %q", got)
	}
}
