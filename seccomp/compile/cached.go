package compile

import (
	"context"
	"encoding/json"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/cache"
)

// Cached compiles a profile once and remembers the result. Its methods may be
// called at the same time.
type Cached struct {
	programs *cache.Cache
}

// NewCached returns a compiler that remembers in a cache, which others than it
// may share.
func NewCached(programs *cache.Cache) *Cached { return &Cached{programs} }

// Compile is [CheckStart] and then as the function [Compile]. If the context ends
// first, the error is its cause.
func (c *Cached) Compile(ctx context.Context, p *seccomp.Profile) (*Result, error) {
	flags, err := loadFlags(p)
	if err != nil {
		return nil, err
	}
	key := key(p.Spec(), hostFacts())
	build := func() ([]byte, error) {
		// What is in the cache has passed this: it takes as long as all the rest of
		// a container's way through this package.
		if err := CheckStart(p); err != nil {
			return nil, err
		}
		result, err := Compile(context.Background(), p)
		if err != nil {
			return nil, err
		}
		return encode(result)
	}
	for range 2 {
		var stored []byte
		if stored, err = c.programs.Get(ctx, key, build); err != nil {
			return nil, err
		}
		var result *Result
		if result, err = decode(stored); err == nil {
			result.Flags = flags
			return result, nil
		}
		c.programs.Drop(key, err) // whole, by its checksum, and yet no program
	}
	return nil, err
}

// stored is a result as the cache keeps it. Its flags are found anew for each
// load, since they are no matter of the compiler.
type stored struct {
	Program      []byte
	Skipped, Own []string
}

func encode(r *Result) ([]byte, error) {
	return json.Marshal(stored{r.Program.Bytes(), r.Skipped, r.Own})
}

func decode(raw []byte) (*Result, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	program, err := bpf.Decode(s.Program)
	if err != nil {
		return nil, err
	}
	return &Result{Program: program, Skipped: s.Skipped, Own: s.Own}, nil
}
