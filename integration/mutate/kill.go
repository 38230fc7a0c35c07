package main

// killing: no process survives the end of its container, or its own failed start.
var killing = []mutation{
	{
		"kill-by-pid", "without a pid namespace of its own, a container's processes survive their init",
		"shim/container/kill.go", "_ = unix.Kill(pid, unix.SIGKILL) // it may have ended\n\t\t\t\tkilled", "killed",
		in(integration, "TestOrphanWithoutFirstThreadEndsWithInit"),
	},
	{
		"kill-others", "a container's other processes are not killed when its init ends",
		"shim/container/libcontainer.go", "\tif b.privatePID {\n\t\treturn nil", "\tif b.privatePID || true {\n\t\treturn nil",
		in(integration, "TestInitsEndWithHostPids"),
	},
	{
		"failed-exec-lives", "a process whose start has failed is not killed",
		"shim/container/exec.go", "\texit, killErr := terminate(p.launchedChild())\n", "\texit, killErr := Exit{}, error(nil)\n",
		in(integration, "TestFailedExecLeavesNoThreads"),
	},
	{
		"late-failure-lives", "a process that fails after its start was reported lives on",
		"shim/container/execve.go", "if killErr := p.signal(unix.SIGKILL); killErr != nil && !isEnded(killErr) {", "if killErr := p.signal(unix.Signal(0)); killErr != nil && !isEnded(killErr) {",
		in(integration, "TestFailedExecLeavesNoThreads"),
	},
}
