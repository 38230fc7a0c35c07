package compile

import (
	"context"
	"encoding/json"
	"errors"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/cache"
)

// Cached compiles a profile once and remembers the answer. Its methods may be
// called at the same time.
type Cached struct {
	programs *cache.Cache
}

// NewCached returns a compiler that remembers in a cache, which others than it
// may share.
func NewCached(programs *cache.Cache) *Cached { return &Cached{programs} }

// Compile is [CheckStart] and then as the function [Compile]. If the context ends
// first, the error is its cause.
//
// A profile that is refused is remembered too. Other errors are not: the next
// attempt may do better.
func (c *Cached) Compile(ctx context.Context, p *seccomp.Profile) (*Result, error) {
	flags, err := loadFlags(p)
	if err != nil {
		return nil, err
	}
	key := key(p.Spec(), hostFacts())
	for range 2 {
		var raw []byte
		if raw, err = c.programs.Get(ctx, key, func() ([]byte, error) { return answer(p) }); err != nil {
			return nil, err
		}
		var result *Result
		if result, err = decode(raw); err == nil {
			result.Flags = flags
			return result, nil
		}
		if refusal := (*seccomp.InvalidError)(nil); errors.As(err, &refusal) {
			return nil, refusal
		}
		c.programs.Drop(key, err) // whole, by its checksum, and yet no answer
	}
	return nil, err
}

// answer compiles a profile for the cache.
func answer(p *seccomp.Profile) ([]byte, error) {
	// What is in the cache has passed this: it takes as long as all the rest of a
	// container's way through this package.
	err := CheckStart(p)
	var result *Result
	if err == nil {
		result, err = Compile(context.Background(), p)
	}
	if refusal := (*seccomp.InvalidError)(nil); errors.As(err, &refusal) {
		return json.Marshal(stored{Refusal: refusal})
	}
	if err != nil {
		return nil, err
	}
	return encode(result)
}

// stored is a result or a refusal as the cache keeps it. The flags are computed
// for each load, since they are no matter of the compiler.
type stored struct {
	Program      []byte
	Skipped, Own []string
	Refusal      *seccomp.InvalidError `json:",omitempty"`
}

func encode(r *Result) ([]byte, error) {
	return json.Marshal(stored{Program: r.Program.Bytes(), Skipped: r.Skipped, Own: r.Own})
}

// decode returns the result, or the refusal as an error, or another error if the
// bytes are neither.
func decode(raw []byte) (*Result, error) {
	var s stored
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if s.Refusal != nil {
		return nil, s.Refusal
	}
	program, err := bpf.Decode(s.Program)
	if err != nil {
		return nil, err
	}
	return &Result{Program: program, Skipped: s.Skipped, Own: s.Own}, nil
}
