package main

// descriptors: programs that the shim starts inherit none of its descriptors, and no
// descriptor leads out of the container.
var descriptors = []mutation{
	{
		"inherited-descriptors", "logging binaries and hooks inherit descriptors that containerd has inherited",
		"shim/run.go", "if err := descriptors.CloseOnExec(); err != nil {", "if err, _ := error(nil), descriptors.CloseOnExec; err != nil {",
		in(integration, "TestLoggerInheritsItsStreamsOnly", "TestHookInheritsItsStreamsOnly"),
	},
	{
		"init-descriptors", "hooks in the container inherit libcontainer's sockets and the load channel",
		"shim/container/initprocess/init.go", "if err := descriptors.CloseOnExec(); err != nil {", "if err, _ := error(nil), descriptors.CloseOnExec; err != nil {",
		in(integration, "TestHookInheritsItsStreamsOnly"),
	},
	{
		"socket-descriptor", "the shim's listening socket, descriptor 3, is inherited",
		"shim/descriptors/descriptors.go", "const first = 3", "const first = 4",
		in("shim/descriptors", "TestInheritedDescriptorsEndAtExecve"),
	},
	{
		"terminal-descriptor", "a terminal is received without close-on-exec",
		"shim/rights/rights.go", "control, unix.MSG_CMSG_CLOEXEC)", "control, 0)",
		in("shim/stdio", "TestConsoleSocket"),
	},
	{
		"console-descriptor", "the socket over which a terminal is sent is made without close-on-exec",
		"shim/stdio/consolesocket.go", "unix.SOCK_STREAM|unix.SOCK_CLOEXEC", "unix.SOCK_STREAM",
		in("shim/stdio", "TestConsoleSocket"),
	},
	{
		"cache-descriptor", "the cache's directory is inherited by libseccomp's process",
		"seccomp/cache/directory.go", "unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC", "unix.O_DIRECTORY|unix.O_NOFOLLOW",
		in("seccomp/cache", "TestDirectoryEndsAtExecve"),
	},
	{
		"channel-descriptor", "the load channel is made without close-on-exec",
		"shim/container/load/channel.go", "unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC", "unix.SOCK_SEQPACKET",
		in("shim/container/load", "TestChannelEndsAtExecve"),
	},
	{
		"page-descriptor", "the page that shim and process share is made without close-on-exec",
		"shim/container/load/page.go", "const flags = unix.MFD_CLOEXEC", "const flags = 0",
		in("shim/container/load", "TestChannelEndsAtExecve"),
	},
	{
		"oom-descriptor", "the descriptor that announces OOM kills has no close-on-exec",
		"shim/container/oom.go", "unix.EFD_CLOEXEC|unix.EFD_NONBLOCK", "unix.EFD_NONBLOCK",
		in(integration, "TestShimsDescriptorsEndAtExecve"),
	},
	{
		"working-directory", "libcontainer does not check that the working directory is inside the container",
		"build/runc/libcontainer/init_linux.go", "if wd, err := linux.Getwd(); errors.Is(err, unix.ENOENT) {", "return nil\n\tif wd, err := linux.Getwd(); errors.Is(err, unix.ENOENT) {",
		in(integration, "TestWorkingDirectoryIsInside"),
	},
	{
		"sealed-copy", "init runs from the shim's own binary",
		"build/runc/libcontainer/container_linux.go", "if exeseal.IsSelfExeCloned() {", "if exeseal.IsSelfExeCloned() || true {",
		in(integration, "TestContainerCannotWriteShim"),
	},
	{
		"init-build", "init runs from a file of another build",
		"shim/container/initfile/initfile.go", "if found != buildID {", "if found == \"\" {",
		in("shim/container/initfile", "TestOtherBuildIsRefused"),
	},
	{
		"init-view", "init runs from the file itself, which a container can then write",
		"shim/container/initfile/initfile.go", "f.sealed = false\n", "",
		in("shim/container/initfile", "TestExecutableCannotBeWritten"),
	},
	{
		"logger-environment", "a logging binary inherits containerd's environment",
		"shim/stdio/logger.go", "cmd.Env = []string{", "cmd.Env = append(os.Environ(), []string{}...)\n\tcmd.Env = append(cmd.Env, []string{}...)\n\t_ = []string{",
		in(integration, "TestLoggerInheritsItsStreamsOnly"),
	},
}
