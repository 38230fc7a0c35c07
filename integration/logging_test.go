package integration

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// logTo is the argument by which this binary becomes a logging binary that writes to
// the file in the next argument.
const logTo = "log-to"

// runLogger is a logging binary by containerd's runtime documentation: stdout is
// descriptor 3, stderr is 4, and closing 5 reports that it is ready.
func runLogger(path string) int {
	file, err := os.Create(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintf(file, "container %s in %s\n", os.Getenv("CONTAINER_ID"), os.Getenv("CONTAINER_NAMESPACE"))
	if err := os.NewFile(5, "ready").Close(); err != nil {
		return 1
	}
	var streams sync.WaitGroup
	var texts [2]strings.Builder
	for i, name := range []string{"stdout", "stderr"} {
		streams.Go(func() {
			_, _ = io.Copy(&texts[i], os.NewFile(uintptr(3+i), name)) // the test sees missing text
		})
	}
	streams.Wait()
	fmt.Fprintf(file, "stdout %s\nstderr %s\nend\n", digest([]byte(texts[0].String())), digest([]byte(texts[1].String())))
	return 0
}

func TestLogToFile(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact string
		run  func(t *testing.T, uri string)
	}{
		{"init's streams", func(t *testing.T, uri string) {
			mustCtr(t, runArgs(newID(t), []string{"--rm", "--log-uri", uri}, sh("echo out; echo err >&2"))...)
		}},
		{"an exec's streams", func(t *testing.T, uri string) {
			id := newID(t)
			hold(t, id, nil)
			mustCtr(t, "task", "exec", "--exec-id", "e1", "--log-uri", uri, id, "/bin/sh", "-c", "echo out; echo err >&2")
		}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "folder", "log")
			row.run(t, "file://"+path)
			awaitFile(t, path, "both lines", func(text string) bool {
				return text == "out\nerr\n" || text == "err\nout\n"
			})
		})
	}
}

// A logging binary receives every byte of both streams, and exits by itself.
func TestLogToBinary(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	id, path := newID(t), filepath.Join(t.TempDir(), "log")
	uri := url.URL{Scheme: "binary", Path: self, RawQuery: url.Values{logTo: {path}}.Encode()}
	const script = `i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo error >&2`
	mustCtr(t, runArgs(id, []string{"--rm", "--log-uri", uri.String()}, sh(script))...)
	var numbers strings.Builder
	for i := range 20000 {
		fmt.Fprintln(&numbers, i)
	}
	want := fmt.Sprintf("container %s in %s\nstdout %s\nstderr %s\nend\n", id, node.Namespace(),
		digest([]byte(numbers.String())), digest([]byte("error\n")))
	awaitFile(t, path, want, func(text string) bool { return text == want })
}

func awaitFile(t *testing.T, path, what string, holds func(text string) bool) {
	t.Helper()
	var text []byte
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s contains %q", path, text)
		}
	})
	eventually(t, path+" contains "+what, func() bool {
		text, _ = os.ReadFile(path) // the file may be written later
		return holds(string(text))
	})
}
