// Command seccomp-exporter serves the calls that the seccomp profiles of a node's observed
// containers have refused, as metrics for Prometheus: see package metrics. If asked to, it also
// posts events on pods: see package events.
//
// It is no subcommand of seccompctl. It runs as long as the node does, in a pod of its own: its
// image has this one static file, without the compiler and the C library that seccompctl has.
// And seccompctl, which people and scripts start for a moment, neither links an HTTP server
// and the client libraries nor starts slower for them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"seccomp-shim/cmd/seccomp-exporter/events"
	"seccomp-shim/cmd/seccomp-exporter/metrics"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/version"
)

type settings struct {
	listen, dir string
	events      bool
	node        string
	maxSeries   int
	showVersion bool
}

func main() {
	s, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		os.Exit(2)
	case s.showVersion:
		err = version.Write(os.Stdout, "seccomp-exporter", "")
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = s.serve(ctx)
	}
	if err != nil {
		report(err)
		os.Exit(1)
	}
}

func report(err error) {
	fmt.Fprintf(os.Stderr, "seccomp-exporter: %s\n", mistake.Line(err.Error()))
}

// parse reads the command line. Its errors are written to out.
func parse(args []string, out io.Writer) (s settings, err error) {
	flags := flag.NewFlagSet("seccomp-exporter", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.listen, "listen", "localhost:9837", "`address` to serve /metrics at; :9837 is each address of the node")
	flags.StringVar(&s.dir, "dir", denials.Dir, "`folder` of the shims' reports")
	flags.IntVar(&s.maxSeries, "max-series", 2000, "the most series of seccomp_denials_total; calls beyond them are counted in one series")
	flags.BoolVar(&s.events, "events", false, "also post Kubernetes events on the pods whose calls are refused; in a pod that may create events")
	flags.StringVar(&s.node, "node", os.Getenv("NODE_NAME"), "with --events: the node's `name`; the default is $NODE_NAME")
	flags.BoolVar(&s.showVersion, "version", false, "show the version")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	refuse := func(format string, args ...any) (settings, error) {
		err := fmt.Errorf(format, args...)
		fmt.Fprintf(out, "seccomp-exporter: %v\nSee 'seccomp-exporter --help'.\n", err)
		return s, err
	}
	if flags.NArg() > 0 {
		return refuse("unexpected argument %q", flags.Arg(0))
	}
	if s.maxSeries < 1 {
		return refuse("--max-series: %d: must be at least 1", s.maxSeries)
	}
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return refuse("--listen: %q: must be HOST:PORT or :PORT", s.listen)
	}
	return s, nil
}

// serve serves until ctx ends.
func (s settings) serve(ctx context.Context) error {
	if s.events {
		if err := s.post(ctx); err != nil {
			return fmt.Errorf("--events: %w", err)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	http1 := &http.Protocols{} // HTTP/2 has faults of its own, and a scrape gains nothing by it
	http1.SetHTTP1(true)
	server := &http.Server{Handler: s.handler(), Protocols: http1,
		ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 5 * time.Minute}
	stopped := context.AfterFunc(ctx, func() {
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(limited) // the process ends anyway
	})
	defer stopped()
	fmt.Fprintf(os.Stderr, "seccomp-exporter: http://%s/metrics\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// post posts events until ctx ends.
func (s settings) post(ctx context.Context) error {
	config, err := events.InCluster()
	if err != nil {
		return err
	}
	poster, err := events.New(config, s.dir, s.node, report)
	if err != nil {
		return err
	}
	go poster.Run(ctx)
	return nil
}

func (s settings) handler() http.Handler {
	registry := metrics.NewRegistry(metrics.Config{Dir: s.dir, MaxSeries: s.maxSeries, Log: report})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, `<!doctype html><title>seccomp-exporter</title><a href="/metrics">metrics</a>`+"\n")
	})
	return mux
}
