package load

import "runtime"

// spareThreads is how many threads Go's runtime may come to need in an init beyond
// those that it has at its start: for the goroutine that is locked to the first one, for
// a system call that takes long, for the collector.
const spareThreads = 4

// StartThreads starts threads for Go's runtime to keep. Call it before the process
// is under the limits of the container's cgroup: its pids limit may allow no thread,
// and the runtime ends a process that cannot have one with a traceback.
func StartThreads() {
	running, done := make(chan struct{}), make(chan struct{})
	for range spareThreads {
		go func() {
			runtime.LockOSThread() // or they would take turns on one
			running <- struct{}{}
			<-done
			runtime.UnlockOSThread() // or the thread would end with the goroutine
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
