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

// compilations is how long the compilation of containerd's default profile takes.
type compilations struct {
	Instructions int     `json:"instructions"`
	Cold         summary `json:"coldMs"` // in a process that has loaded its tables
	First        float64 `json:"firstMs"`
	Disk         summary `json:"diskMs"`   // found in the node's cache by a new shim
	Memory       summary `json:"memoryMs"` // found in the shim's own
}

// limit is more than enough for one program.
var limit = cache.Limit{Entries: 10, Bytes: 1 << 20}

// measureCompile compiles in this process; dir is for a cache.
func measureCompile(ctx context.Context, rounds int, dir string) (_ *compilations, err error) {
	c := &compilations{}
	profile, err := usualProfile(ctx)
	if err != nil {
		return nil, err
	}
	var cold, fromDisk, fromMemory []float64
	for round := -1; round < rounds; round++ {
		progress("compile", round, rounds)
		begin := time.Now()
		result, err := compile.Compile(ctx, profile)
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
		compiler := compile.NewCached(cache.New(limit, disk))
		for _, into := range []*[]float64{&fromDisk, &fromMemory} {
			begin := time.Now()
			if _, err := compiler.Compile(ctx, profile); err != nil {
				return nil, fmt.Errorf("find the default profile: %w", err)
			}
			if round >= 0 { // the first one fills the cache
				*into = append(*into, since(begin))
			}
		}
	}
	c.Cold, c.Disk, c.Memory = summarize(cold), summarize(fromDisk), summarize(fromMemory)
	return c, nil
}

// usualProfile is containerd's default profile of the containers measured here.
func usualProfile(ctx context.Context) (*seccomp.Profile, error) {
	spec, err := oci.GenerateSpec(namespaces.WithNamespace(ctx, "bench"), nil, &containers.Container{ID: "bench"})
	if err != nil {
		return nil, fmt.Errorf("make a spec: %w", err)
	}
	return seccomp.New(containerd.DefaultProfile(spec))
}
