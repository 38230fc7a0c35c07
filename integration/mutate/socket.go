package main

// socket: only root reaches a shim.
var socket = []mutation{
	{
		"socket-mode", "everybody may write to a shim's socket",
		"shim/bootstrap/socket.go", "listener.SetUnlinkOnClose(false)\n", "listener.SetUnlinkOnClose(false)\n\t_ = os.Chmod(socketPath(address), 0o666)\n",
		in(integration, "TestOnlyRootReachesShim"),
	},
	{
		"peer-credentials", "SO_PEERCRED is ignored: the shim serves every user whom the socket's mode admits",
		"build/ttrpc/unixcreds_linux.go", "return UnixSocketRequireUidGid(euid, egid)", "_, _ = euid, egid\n\treturn UnixSocketRequireUidGid(-1, -1)",
		in(integration, "TestOnlyRootReachesShim"),
	},
	{
		"claimed-socket", "the shim of many pods ends while containerd connects to it for a new pod",
		"shim/bootstrap/claim.go", "if wasClaimed(aside) && os.Link(aside, s.path) == nil {", "if false {",
		in("shim/bootstrap", "TestClaimedSocketStays"),
	},
}
