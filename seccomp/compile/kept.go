package compile

import (
	"encoding/json"
	"errors"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/cache"
)

// recall returns the answer to a key from the cache, a result or a refusal, if it is known.
func (c *Compiler) recall(key cache.Key) (_ *Result, known bool, _ error) {
	if c.disk == nil {
		return nil, false, nil
	}
	raw, ok := c.disk.Get(key)
	if !ok {
		return nil, false, nil
	}
	result, err := decode(raw)
	if refusal := (*seccomp.InvalidError)(nil); err == nil || errors.As(err, &refusal) {
		return result, true, err
	}
	// The checksum is right, but the value does not decode: compile again.
	c.disk.Drop(key, err)
	return nil, false, nil
}

// keep stores a result or a refusal. It keeps no other error: the next attempt may succeed.
func (c *Compiler) keep(key cache.Key, result *Result, err error) {
	var s stored
	switch {
	case c.disk == nil:
		return
	case err == nil:
		s = stored{Program: result.Program.Bytes(), Skipped: result.Skipped, Reemitted: result.Reemitted}
	case ofFloor(err) || !errors.As(err, &s.Refusal):
		return
	}
	raw, err := json.Marshal(s)
	if err == nil {
		c.disk.Keep(key, raw)
	}
}

// ofFloor reports whether an error is about a floor. Those are not kept: they are found at once.
func ofFloor(err error) bool {
	floor, together := (*FloorError)(nil), (*TogetherError)(nil)
	return errors.As(err, &floor) || errors.As(err, &together)
}

// stored is a result or a refusal as the cache keeps it. The flags are found again for each
// load, since the program does not depend on them.
type stored struct {
	Program   []byte
	Skipped   []string
	Reemitted []string
	Refusal   *seccomp.InvalidError `json:",omitempty"`
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
	return &Result{Program: program, Skipped: s.Skipped, Reemitted: s.Reemitted}, nil
}
