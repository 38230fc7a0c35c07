package container

import (
	"os"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// A goroutine that locks its thread never gets the first thread.
func TestFirstThreadIsKept(t *testing.T) {
	const goroutines = 100
	var all sync.WaitGroup
	gate := make(chan struct{})
	for range goroutines {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if unix.Gettid() == os.Getpid() {
				t.Error("a goroutine runs on the first thread")
			}
			<-gate // so that each needs a thread
		})
	}
	for range 100 {
		runtime.Gosched()
	}
	close(gate)
	all.Wait()
}
