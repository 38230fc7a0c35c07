// Dockerfile checks Dockerfiles as `docker build --check` does, without a builder.
//
// It is a module of its own, so that BuildKit is no dependency of the shim's.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// anyImage stands for all base images: no registry is asked.
type anyImage struct{}

func (anyImage) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config := fmt.Appendf(nil, `{"os": "linux", "architecture": %q, "rootfs": {"type": "layers"}}`, runtime.GOARCH)
	return ref, digest.FromBytes(config), config, nil
}

func main() {
	failed := false
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		results, err := dockerfile2llb.DockerfileLint(context.Background(), text, dockerfile2llb.ConvertOpt{
			SourceMap:    &llb.SourceMap{Definition: &llb.Definition{}, Filename: file, Data: text},
			MetaResolver: anyImage{},
		})
		if err == nil && results.Error != nil {
			err = fmt.Errorf("%s", results.Error.Message)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			failed = true
			continue
		}
		for _, w := range results.Warnings {
			fmt.Fprintf(os.Stderr, "%s:%d: %s: %s (%s)\n", file, line(w.Location), w.RuleName, w.Detail, w.URL)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func line(l *pb.Location) int32 {
	if len(l.GetRanges()) == 0 {
		return 0
	}
	return l.Ranges[0].Start.Line
}
