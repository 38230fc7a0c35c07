package main

import (
	"context"
	"fmt"
	"time"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/cache"
	"seccomp-shim/seccomp/compile"
)

// compilations holds how long it takes to compile containerd's default profile.
type compilations struct {
	Instructions int     `json:"instructions"`
	Cold         summary `json:"coldMs"`  // without a cache, in a process that has loaded its tables
	First        float64 `json:"firstMs"` // without a cache, in a new process
	Disk         summary `json:"diskMs"`  // found in the node's cache by a new shim
}

// limit is more than enough for one program.
var limit = cache.Limit{Entries: 10, Bytes: 1 << 20}

// measureCompile compiles in this process. It makes a cache in dir.
func measureCompile(ctx context.Context, rounds int, dir string) (_ *compilations, err error) {
	c := &compilations{}
	profile, err := usualProfile(ctx)
	if err != nil {
		return nil, err
	}
	var cold, fromDisk []float64
	for round := -1; round < rounds; round++ {
		progress("compile", round, rounds)
		begin := time.Now()
		result, err := compile.Translate(ctx, profile)
		if err != nil {
			return nil, fmt.Errorf("compile the default profile: %w", err)
		}
		if round < 0 {
			c.First, c.Instructions = since(begin), result.Program.Len()
			continue
		}
		cold = append(cold, since(begin))
	}
	for round := -1; round < rounds; round++ {
		disk, err := cache.OpenDisk(dir, limit, func(error) {})
		if err != nil {
			return nil, fmt.Errorf("open a cache: %w", err)
		}
		begin := time.Now()
		if _, err := compile.New(disk).Compile(ctx, profile); err != nil {
			return nil, fmt.Errorf("find the default profile: %w", err)
		}
		if round >= 0 { // the first one fills the cache
			fromDisk = append(fromDisk, since(begin))
		}
		if err := disk.Close(); err != nil {
			return nil, err
		}
	}
	c.Cold, c.Disk = summarize(cold), summarize(fromDisk)
	return c, nil
}

// usualProfile returns containerd's default profile for the containers that are measured here.
func usualProfile(ctx context.Context) (*seccomp.Profile, error) {
	spec, err := oci.GenerateSpec(namespaces.WithNamespace(ctx, "bench"), nil, &containers.Container{ID: "bench"})
	if err != nil {
		return nil, fmt.Errorf("make a spec: %w", err)
	}
	return seccomp.New(containerd.DefaultProfile(spec))
}
