package seccomp

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// MaxProfileBytes bounds a profile's JSON form. The kernel takes 4,096 BPF instructions,
// too few for any profile near this size; a hostile file must not cost much memory before
// that is found out.
const MaxProfileBytes = 1 << 20

// Profile is a validated seccomp profile. It is immutable.
//
// The zero value is not a profile; use [New] or [Parse].
type Profile struct {
	spec specs.LinuxSeccomp
}

// New validates an OCI linux.seccomp object and returns it as a Profile, which
// keeps no reference to spec. The error is an [*InvalidError].
func New(spec *specs.LinuxSeccomp) (*Profile, error) {
	if spec == nil {
		return nil, &InvalidError{Reason: "there is none"}
	}
	if err := CheckSize(int64(encodedSize(spec))); err != nil {
		return nil, err
	}
	if err := validate(spec); err != nil {
		return nil, err
	}
	return &Profile{spec: clone(spec)}, nil
}

// Spec returns a copy of the profile in its OCI form.
func (p *Profile) Spec() *specs.LinuxSeccomp {
	s := clone(&p.spec)
	return &s
}

// Notifies reports whether a rule or the default action is SCMP_ACT_NOTIFY. Loading such a
// filter returns a descriptor, which the agent at ListenerPath must get.
func (p *Profile) Notifies() bool {
	return notifies(&p.spec)
}

// Listener returns the path of the socket of the agent that answers SCMP_ACT_NOTIFY, and
// the metadata for the agent. Both are empty if nothing notifies.
func (p *Profile) Listener() (path, metadata string) {
	if !p.Notifies() {
		return "", ""
	}
	return p.spec.ListenerPath, p.spec.ListenerMetadata
}

// InvalidError names the field of a profile whose value cannot be enforced as written.
type InvalidError struct {
	Field  string // JSON path, such as "syscalls[2].args[0].op"; empty for the document itself
	Value  string // the value as written, quoted and shortened; empty if none is written
	Reason string
	Inside string // what Field has and must not have, such as the name of an unknown field
}

func (e *InvalidError) Error() string {
	text := "invalid seccomp profile: "
	for _, part := range []string{e.Field, e.Value} {
		if part != "" {
			text += part + ": "
		}
	}
	return text + e.Reason
}

func invalid(field string, value any, format string, args ...any) *InvalidError {
	return &InvalidError{Field: field, Value: mistake.Quote(value), Reason: fmt.Sprintf(format, args...)}
}

// CheckSize refuses a profile whose JSON text has more than [MaxProfileBytes]. The
// error is an [*InvalidError].
func CheckSize(bytes int64) error {
	if bytes <= MaxProfileBytes {
		return nil
	}
	return &InvalidError{Reason: fmt.Sprintf("%d bytes exceed the limit of %d", bytes, MaxProfileBytes)}
}

func encodedSize(spec *specs.LinuxSeccomp) int {
	b, err := json.Marshal(spec)
	if err != nil {
		// Only strings and integers: json.Marshal has no reason to fail.
		panic(fmt.Sprintf("encode seccomp profile: %v", err))
	}
	return len(b)
}

func notifies(spec *specs.LinuxSeccomp) bool {
	return spec.DefaultAction == specs.ActNotify ||
		slices.ContainsFunc(spec.Syscalls, func(r specs.LinuxSyscall) bool { return r.Action == specs.ActNotify })
}

// clone returns a deep copy. slices.Clone keeps nil as nil, which counts for Flags:
// absent means "SPEC_ALLOW where supported", empty means none.
func clone(spec *specs.LinuxSeccomp) specs.LinuxSeccomp {
	c := *spec
	c.DefaultErrnoRet = clonePtr(spec.DefaultErrnoRet)
	c.Architectures = slices.Clone(spec.Architectures)
	c.Flags = slices.Clone(spec.Flags)
	c.Syscalls = slices.Clone(spec.Syscalls)
	for i := range c.Syscalls {
		r := &c.Syscalls[i]
		r.Names = slices.Clone(r.Names)
		r.Args = slices.Clone(r.Args)
		r.ErrnoRet = clonePtr(r.ErrnoRet)
	}
	return c
}

func clonePtr[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
