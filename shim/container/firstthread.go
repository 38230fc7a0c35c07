package container

import "runtime"

// init locks the main goroutine to the process's first thread, so that no other goroutine
// runs on that thread. libcontainer lets a goroutine enter a container's mount namespace
// on a locked thread, which then ends with the goroutine. The first thread cannot end: it
// would stay in the container's namespace, and so would /proc/self, whose mounts this
// process would take for its own.
func init() { runtime.LockOSThread() }
