package task

import (
	"context"

	"github.com/containerd/log"

	"seccomp-shim/seccomp/cache"
)

// nodeCacheDir is shared by all shims of the node. Only root can write to /run, and a boot
// empties it.
const nodeCacheDir = "/run/seccomp-shim"

// The program of containerd's default profile takes 15 KB; the largest program that the
// kernel accepts takes 45 KB. A node has few profiles.
var nodeLimit = cache.Limit{Entries: 500, Bytes: 16 << 20}

// openCache opens the cache of compiled profiles. If the directory cannot be used, it
// returns nil, and the container's profile is compiled.
//
// It is opened for each container: somebody may remove the directory while shims run, and
// each would go on with the one that nobody else sees.
func openCache(ctx context.Context, dir string) *cache.Disk {
	if dir == "" {
		return nil
	}
	logger := log.G(ctx).WithField("path", dir)
	disk, err := cache.OpenDisk(dir, nodeLimit, func(err error) { logger.WithError(err).Warn("seccomp cache") })
	if err != nil {
		logger.WithError(err).Warn("compiled seccomp profiles are not kept for other containers")
	}
	return disk
}
