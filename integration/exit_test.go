package integration

import (
	"fmt"
	"sync"
	"testing"
)

func TestExitOfInit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fact, step string
		code       uint32
	}{
		{"success", "exit:0", 0},
		{"an error", "exit:1", 1},
		{"a code that looks like a signal's", "exit:137", 137},
		{"the greatest code", "exit:255", 255},
		{"a crash is 128 plus SIGSEGV", "crash", 139},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			if got := execute(t, calls(row.step)).code; got != row.code {
				t.Errorf("got %d, want %d", got, row.code)
			}
		})
	}
	t.Run("SIGKILL is 137", func(t *testing.T) {
		t.Parallel()
		if got := hold(t, newID(t), nil).kill(t).code; got != 137 {
			t.Errorf("got %d", got)
		}
	})
}

// Each exit code, and each signal that ends a process, is reported as it is.
func TestExitOfExec(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	type row struct {
		step string
		code uint32
	}
	rows := make(chan row)
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for row := range rows {
				if got := c.exec(t, calls(row.step)).code; got != row.code {
					t.Errorf("%s: got %d, want %d", row.step, got, row.code)
				}
			}
		})
	}
	for code := range uint32(256) {
		rows <- row{fmt.Sprintf("exit:%d", code), code}
	}
	// SIGHUP to the faults of the processor, SIGSYS, and the last real-time signal.
	for _, signal := range []uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 31, 64} {
		rows <- row{fmt.Sprintf("raise:%d", signal), 128 + signal}
	}
	close(rows)
	workers.Wait()
}
