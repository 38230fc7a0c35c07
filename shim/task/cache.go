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
// kernel accepts takes 45 KB. A node has few profiles, a pod has one or two.
var (
	nodeLimit = cache.Limit{Entries: 500, Bytes: 16 << 20}
	podLimit  = cache.Limit{Entries: 16, Bytes: 512 << 10}
)

// openCache returns the cache of compiled profiles. If cacheDir cannot be used, each
// shim compiles for itself.
func openCache(ctx context.Context) *cache.Cache {
	logger := log.G(ctx).WithField("path", cacheDir)
	disk, err := cache.OpenDisk(cacheDir, nodeLimit, func(err error) { logger.WithError(err).Warn("seccomp cache") })
	if err != nil {
		logger.WithError(err).Warn("compiled seccomp profiles are not kept for other containers")
	}
	return cache.New(podLimit, disk)
}
