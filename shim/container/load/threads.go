package load

import "runtime"

// spareThreads is how many threads the Go runtime of an init may need beyond those that it
// starts with: for the goroutine that is locked to the first thread, for a long system
// call, for the collector.
const spareThreads = 4

// StartThreads makes the Go runtime start threads, which it keeps. Call it before the
// process is under the limits of the container's cgroup: the pids limit may allow no more
// threads, and the Go runtime ends a process that cannot have one with a traceback.
func StartThreads() {
	running, done := make(chan struct{}), make(chan struct{})
	for range spareThreads {
		go func() {
			runtime.LockOSThread() // otherwise the goroutines would share a thread
			running <- struct{}{}
			<-done
			runtime.UnlockOSThread() // otherwise the thread would end with the goroutine
			running <- struct{}{}
		}()
	}
	for range spareThreads {
		<-running
	}
	close(done)
	for range spareThreads {
		<-running
	}
}
