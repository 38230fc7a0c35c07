package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// A machine that has no time for libseccomp's process for longer than containerd
// and people are patient does not make a profile invalid.
func TestStarvedHelper(t *testing.T) {
	const starved = 6 * time.Second
	p, err := seccomp.New(defaultProfile(nil))
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		result *Result
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		r, err := Translate(t.Context(), p)
		answers <- answer{r, err}
	}()
	helper := child(t)
	if err := unix.Kill(helper, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-answers:
		t.Fatalf("answered without its process: %v, %v", a.result, a.err)
	case <-time.After(starved):
	}
	if err := unix.Kill(helper, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	a := <-answers
	if a.err != nil {
		t.Fatal(a.err)
	}
	fed, err := Translate(t.Context(), p)
	if err != nil || !fed.Program.Equal(a.result.Program) || len(a.result.Reemitted) != len(fed.Reemitted) {
		t.Errorf("starved, it is another program: own are %v and %v, %v", a.result.Reemitted, fed.Reemitted, err)
	}
}

// child waits for this process to have a child, and returns its id.
func child(t *testing.T) int {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		lists, err := filepath.Glob("/proc/self/task/*/children")
		if err != nil || len(lists) == 0 {
			t.Fatalf("no lists of children: %v", err)
		}
		for _, list := range lists {
			text, _ := os.ReadFile(list) // the thread may have ended
			pid := 0
			if _, err := fmt.Sscan(strings.TrimSpace(string(text)), &pid); err == nil {
				return pid
			}
		}
	}
	t.Fatal("no child")
	return 0
}
