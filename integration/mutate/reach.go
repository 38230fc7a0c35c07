package main

// reach: who may speak with a shim.
var reach = []mutation{
	{
		"socket-mode", "everybody may write to a shim's socket",
		"shim/bootstrap/socket.go", "file, err := socket.File()", "_ = os.Chmod(socketPath(address), 0o666)\n\tfile, err := socket.File()",
		in(integration, "TestOnlyRootReachesShim"),
	},
	{
		"peer-credentials", "SO_PEERCRED does not count: every user is served whom the modes let through",
		"build/ttrpc/unixcreds_linux.go", "return UnixSocketRequireUidGid(euid, egid)", "_, _ = euid, egid\n\treturn UnixSocketRequireUidGid(-1, -1)",
		in(integration, "TestOnlyRootReachesShim"),
	},
}
