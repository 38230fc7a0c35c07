package integration

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// output collects what a process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// await returns when the output contains text.
func (o *output) await(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("the output contains %q", text), func() bool { return strings.Contains(o.String(), text) })
}

// containerdLog collects containerd's log, which includes the shims'.
type containerdLog struct{ output }

// of returns the warnings and errors that name a container.
func (l *containerdLog) of(id string) string {
	var about strings.Builder
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=info") {
			continue
		}
		if strings.Contains(line, "="+id+" ") || strings.Contains(line, "="+id+"\n") || strings.Contains(line, `\"`+id+`\"`) {
			about.WriteString(line)
		}
	}
	return about.String()
}

// all returns the lines of all levels that name a container.
func (l *containerdLog) all(id string) string {
	var about strings.Builder
	for line := range strings.Lines(l.String()) {
		if slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(` =/"\\\n`, r) }), id) {
			about.WriteString(line)
		}
	}
	return about.String()
}
