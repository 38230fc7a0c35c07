package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"seccomp-shim/integration/testbed"
)

const (
	serveTimeout   = 10 * time.Second
	requestTimeout = 5 * time.Second
	stopTimeout    = 5 * time.Second
	pollInterval   = 10 * time.Millisecond
)

// container is a `ctr run --rm` in the foreground, as on a terminal: ctr prints the
// error and returns the program's exit code.
type container struct {
	id, url string
	done    chan struct{} // closed when ctr has exited; then the fields below are set
	result  testbed.Result
	err     error
}

// startContainer runs the echo server under the profile that flags name.
func (s *stage) startContainer(ctx context.Context, id string, flags []string) (*container, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{
		"run", "--rm", "--net-host", "--fifo-dir", s.node.FIFODir(),
		"--runtime", s.runtime, "--runtime-config-path", s.options,
	}
	args = append(args, flags...)
	args = append(args, image, id, program, "-listen", address, "-text="+text)
	if s.verbose {
		fmt.Fprintln(os.Stderr, "\nctr", strings.Join(args, " "))
	}
	c := &container{id: id, url: "http://" + address, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.result, c.err = s.node.Ctr(ctx, args...)
	}()
	return c, nil
}

// awaitServing reports whether the program answers before it exits or takes too long.
func (c *container) awaitServing(ctx context.Context) bool {
	timeout := time.After(serveTimeout)
	for {
		if answer, err := c.get(ctx, "/"); err == nil && answer == text {
			return true
		}
		select {
		case <-c.done:
			return false
		case <-timeout:
			return false
		case <-time.After(pollInterval):
		}
	}
}

// get asks the program over HTTP and returns its answer without the newline.
func (c *container) get(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return strings.TrimSuffix(string(body), "\n"), err
}

// stop ends the program, first by a signal that it can handle, and waits for ctr.
func (c *container) stop(ctx context.Context, node *testbed.Node) error {
	for _, signal := range []string{"SIGTERM", "SIGKILL"} {
		select {
		case <-c.done:
			return nil
		default:
		}
		if _, err := node.Ctr(ctx, "task", "kill", "--signal", signal, c.id); err != nil {
			return err
		}
		select {
		case <-c.done:
			return nil
		case <-time.After(stopTimeout):
		}
	}
	return fmt.Errorf("stop %s: it survives SIGKILL", c.id)
}

// freeAddress returns a local address without a listener. Containers use the host's
// network, so the demo needs no CNI plugins.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}
