package task

import (
	"context"

	"github.com/containerd/log"

	"seccomp-shim/seccomp/cache"
)

// cacheDir is shared by all shims of the node. Only root can write to /run, and a boot
// empties it.
const cacheDir = "/run/seccomp-shim"

// The program of containerd's default profile takes 15 KB; the largest program that the
// kernel accepts takes 45 KB. A node has few profiles.
var nodeLimit = cache.Limit{Entries: 500, Bytes: 16 << 20}

// openCache opens the cache of compiled profiles. If cacheDir cannot be used, it returns
// nil, and each container's profile is compiled.
func openCache(ctx context.Context) *cache.Disk {
	logger := log.G(ctx).WithField("path", cacheDir)
	disk, err := cache.OpenDisk(cacheDir, nodeLimit, func(err error) { logger.WithError(err).Warn("seccomp cache") })
	if err != nil {
		logger.WithError(err).Warn("compiled seccomp profiles are not kept for other containers")
	}
	return disk
}
