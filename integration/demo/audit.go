package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"seccomp-shim/integration/testbed"
)

// A logged call is what seccompctl audit says about a call: it has a line for each call whose
// count has grown.
type logged struct {
	Container struct {
		ID string
	}
	Unknown, Executable, ABI, Syscall, Answer string
	PID                                       int
	Count                                     int
	Last                                      time.Time
}

// auditTool is `seccompctl audit --follow`, as it runs beside the scenes.
type auditTool struct {
	cmd  *exec.Cmd
	done chan struct{} // closed at the end of its output

	mu    sync.Mutex
	lines []line // guarded by mu
	err   error  // guarded by mu
}

// A line has a call, or what was lost.
type line struct {
	logged
	Lost json.RawMessage
}

func startAudit(bin string, node *testbed.Node) (*auditTool, error) {
	cmd := exec.Command(filepath.Join(bin, "seccompctl"), "audit", "--follow", "--output", "json", "--state", filepath.Join(node.Dir(), "state"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start seccompctl audit: %w", err)
	}
	a := &auditTool{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		for input := bufio.NewScanner(out); input.Scan(); {
			var l line
			err := json.Unmarshal(input.Bytes(), &l)
			a.mu.Lock()
			a.lines, a.err = append(a.lines, l), errors.Join(a.err, err)
			a.mu.Unlock()
		}
	}()
	return a, nil
}

// auditDelay is the time that the kernel and seccompctl may take to show a record.
const auditDelay = time.Second

// take returns what was said since the last call.
func (a *auditTool) take() ([]line, error) {
	select {
	case <-a.done:
		return nil, errors.New("seccompctl audit has ended")
	case <-time.After(auditDelay):
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := a.lines
	a.lines = nil
	return lines, a.err
}

func (a *auditTool) stop() error {
	if err := a.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-a.done
	_ = a.cmd.Wait() // it ends by the signal
	return nil
}

// ofContainer returns the calls of a container, with their last counts, and whether records
// were lost. Where pids are not those of the records, the container is unknown: there the
// program's path must do, and the runtime's calls are missing.
func ofContainer(lines []line, id string) (calls []logged, lost bool) {
	for _, l := range lines {
		switch {
		case l.Lost != nil:
			lost = true
		case l.Container.ID == id, l.Unknown != "" && l.Executable == program:
			same := func(c logged) bool {
				return c.Executable == l.Executable && c.Syscall == l.Syscall && c.ABI == l.ABI && c.Answer == l.Answer
			}
			calls = append(slices.DeleteFunc(calls, same), l.logged)
		}
	}
	return calls, lost
}

// byProgram splits calls into the program's, and the runtime's before the execve.
func byProgram(calls []logged) (ofProgram, ofRuntime []logged) {
	for _, c := range calls {
		if c.Executable == program {
			ofProgram = append(ofProgram, c)
		} else {
			ofRuntime = append(ofRuntime, c)
		}
	}
	return ofProgram, ofRuntime
}

// syscallNames returns the names of calls, each once, in alphabetical order.
func syscallNames(calls []logged) (names []string) {
	for _, c := range calls {
		names = append(names, strings.TrimSpace(c.Syscall))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// count returns how many calls were made.
func count(calls []logged) (sum int) {
	for _, c := range calls {
		sum += c.Count
	}
	return sum
}
