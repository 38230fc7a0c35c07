package shim

import (
	"context"

	"github.com/containerd/log"

	"seccomp-shim/seccomp/cache"
)

// cacheDir is shared by all shims of the node, and gone with the boot. Only root
// can write to /run.
const cacheDir = "/run/seccomp-shim"

// A program of containerd's default profile takes 15 KB; the largest that the
// kernel accepts takes 45. A node has few profiles, a pod has one or two.
var (
	nodeLimit = cache.Limit{Entries: 500, Bytes: 16 << 20}
	podLimit  = cache.Limit{Entries: 16, Bytes: 512 << 10}
)

// openCache returns the cache of compiled profiles. Without the node's part of
// it, each shim compiles for itself.
func openCache(ctx context.Context) *cache.Cache {
	log := log.G(ctx).WithField("path", cacheDir)
	disk, err := cache.OpenDisk(cacheDir, nodeLimit, func(err error) { log.WithError(err).Warn("seccomp cache") })
	if err != nil {
		log.WithError(err).Warn("compiled seccomp profiles are not kept for other containers")
	}
	return cache.New(podLimit, disk)
}
