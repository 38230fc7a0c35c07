package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"seccomp-shim/seccomp/denials"
)

func get(t *testing.T, s settings, path string) (body string, code int) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), w.Code
}

func writeReport(t *testing.T, dir string, r *denials.Report) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "k8s.io"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "k8s.io", r.ID+".json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The reports are served as metrics, whose names and texts follow Prometheus' conventions.
func TestMetrics(t *testing.T) {
	dir := t.TempDir()
	hostile := "x\"\n\\\x1b"
	writeReport(t, dir, &denials.Report{Format: denials.ReportFormat, ID: "1", Mode: denials.Enforcing,
		Pod:     &denials.Pod{Namespace: "shop", Name: "cart", Container: "web"},
		Denials: []*denials.Denial{{Count: 3, Call: denials.Call{Syscall: "openat2", Answer: "ERRNO(1 operation not permitted)"}}}})
	writeReport(t, dir, &denials.Report{Format: denials.ReportFormat, ID: "2", Mode: denials.Trial, Pod: &denials.Pod{Name: hostile}, Ended: &denials.End{},
		Denials: []*denials.Denial{{Count: 1 << 40, Call: denials.Call{Syscall: "mount", Answer: "KILL_PROCESS"}}}})
	writeReport(t, dir, &denials.Report{Format: 7, ID: "3"})
	text, code := get(t, settings{dir: dir, maxSeries: 10}, "/metrics")
	if code != 200 {
		t.Fatalf("%d: %s", code, text)
	}
	for _, want := range []string{
		`seccomp_denials_total{answer="ERRNO(1 operation not permitted)",container="web",mode="denials",namespace="shop",pod="cart",syscall="openat2"} 3`,
		`seccomp_denials_total{answer="KILL_PROCESS",container="",mode="trial",namespace="",pod="x\"\n\\` + "\x1b" + `",syscall="mount"} 1.099511627776e+12`,
		`seccomp_observed_containers{mode="denials"} 1`, `seccomp_observed_containers{mode="trial"} 0`,
		`seccomp_exporter_series 2`, `seccomp_exporter_max_series 10`, `seccomp_exporter_unreadable_reports 1`,
		`seccomp_exporter_build_info{version="`, "process_resident_memory_bytes ", "go_goroutines ",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "seccomp_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	if err != nil {
		t.Error(err)
	}
	if text, code := get(t, settings{dir: filepath.Join(dir, "none"), maxSeries: 1}, "/metrics"); code != 200 || strings.Contains(text, "seccomp_denials_total{") {
		t.Errorf("no reports: %d %s", code, text)
	}
	if text, code := get(t, settings{dir: dir}, "/"); code != 200 || !strings.Contains(text, `href="/metrics"`) {
		t.Errorf("/: %d %s", code, text)
	}
	w := httptest.NewRecorder()
	if (settings{dir: dir}).handler().ServeHTTP(w, httptest.NewRequest("CONNECT", "/metrics", nil)); w.Code != 405 {
		t.Errorf("CONNECT: %d", w.Code)
	}
	if _, code := get(t, settings{dir: dir}, "/other"); code != 404 {
		t.Errorf("/other: %d", code)
	}
}

// Calls beyond --max-series are in one series, exactly.
func TestMaxSeries(t *testing.T) {
	dir := t.TempDir()
	for i, id := range []string{"a", "b", "c", "d"} {
		writeReport(t, dir, &denials.Report{Format: denials.ReportFormat, ID: id, Mode: denials.Enforcing,
			Denials: []*denials.Denial{{Count: 1 << i, Call: denials.Call{Syscall: "mount", Answer: "TRAP(0)"}}}})
	}
	text, _ := get(t, settings{dir: dir, maxSeries: 2}, "/metrics")
	const rest = `seccomp_denials_total{answer="other",container="other",mode="other",namespace="other",pod="other",syscall="other"} 12`
	if strings.Count(text, "\nseccomp_denials_total{") != 3 || !strings.Contains(text, "\n"+rest+"\n") {
		t.Errorf("got\n%s", text)
	}
}

func TestUsage(t *testing.T) {
	for want, args := range map[string][]string{
		`unexpected argument "x"`: {"x"}, "--max-series: 0: must be at least 1": {"--max-series", "0"},
		`--listen: "9837": must be HOST:PORT`: {"--listen=9837"}, "flag provided but not defined: -liste": {"--liste", ":1"},
		`invalid value "many"`: {"--max-series=many"},
	} {
		var out bytes.Buffer
		if _, err := parse(args, &out); err == nil || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %v, %s", args, err, out.String())
		}
	}
	s, err := parse(nil, io.Discard)
	if err != nil || s != (settings{listen: "localhost:9837", dir: denials.Dir, maxSeries: 2000}) {
		t.Errorf("got %+v, %v", s, err)
	}
}

// It serves until it is told to end, and an address in use is an error that names the flag.
func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- settings{listen: "localhost:0", dir: t.TempDir(), maxSeries: 1}.serve(ctx) }()
	cancel()
	select {
	case err := <-ended:
		if err != nil && !strings.Contains(err.Error(), "--listen") { // it had not begun
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
	server := httptest.NewServer(settings{}.handler())
	defer server.Close()
	err := settings{listen: strings.TrimPrefix(server.URL, "http://")}.serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "--listen: listen tcp 127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}

// The manual page lists the flags that --help shows.
func TestManualHasTheFlags(t *testing.T) {
	page, err := os.ReadFile("../../deploy/packages/seccomp-exporter.8")
	if err != nil {
		t.Fatal(err)
	}
	var help bytes.Buffer
	if _, err := parse([]string{"-h"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?m)^  -(\S+)`).FindAllStringSubmatch(help.String(), -1)
	if len(shown) < 5 {
		t.Errorf("few flags in %s", &help)
	}
	for _, name := range shown {
		if !regexp.MustCompile(`(?m)^\.It Fl ` + regexp.QuoteMeta(name[1]) + `( |$)`).Match(page) {
			t.Errorf("not in the manual page: -%s", name[1])
		}
	}
}
