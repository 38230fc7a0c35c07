package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// floored is our shim when a floor holds for each container.
var floored = &peer{name: ours + " with a floor", runtime: shimRuntime}

// writeFloor writes the floor into a folder, and names it to the peer.
func writeFloor(dir string) error {
	const floor = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"names":["socket","socketpair"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_MASKED_EQ","value":4294967295,"valueTwo":38}]},
		{"names":["io_uring_setup","keyctl","userfaultfd"],"action":"SCMP_ACT_ERRNO"}]}`
	floored.handler = fmt.Sprintf("profile_root = %q\nfloor = \"Localhost/floor.json\"\n", dir)
	return os.WriteFile(filepath.Join(dir, "floor.json"), []byte(floor), 0o600)
}
