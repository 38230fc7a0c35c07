package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// A Result has the differences of two profiles, A and B, by architecture and number. A
// syscall can be in several lists.
type Result struct {
	OnlyA     []Difference // A lets a call through, B does not
	OnlyB     []Difference
	Otherwise []Difference // both let the call through, or neither does, and the answers differ
}

// Same reports whether there is no difference.
func (r *Result) Same() bool { return len(r.OnlyA)+len(r.OnlyB)+len(r.Otherwise) == 0 }

// A Difference is for one syscall of an ABI, or for a range of numbers without a name that
// both profiles decide alike.
type Difference struct {
	ABI    specs.Arch
	Name   string // empty if the numbers have none
	Number uint32
	Last   uint32   // the last number of the range, or Number
	Call   bpf.Data // a witness: a call with this difference
	Always bool     // the difference does not depend on the arguments
	A, B   bpf.Action
}

// Profiles compares two meanings.
func Profiles(ctx context.Context, a, b *meaning.Meaning) (*Result, error) {
	found, err := check.Meanings(ctx, a, b, onlyFirst, onlySecond, otherwise)
	if err != nil {
		return nil, err
	}
	return &Result{named(a, b, found[0]), named(a, b, found[1]), named(a, b, found[2])}, nil
}

// Looser returns the syscalls for which a is looser than b for some call. If there are none,
// a is nowhere looser.
func Looser(ctx context.Context, a, b *meaning.Meaning) ([]Difference, error) {
	found, err := check.Meanings(ctx, a, b, bpf.Action.Looser)
	if err != nil {
		return nil, err
	}
	return named(a, b, found[0]), nil
}

func onlyFirst(a, b bpf.Action) bool  { return meaning.Permits(a) && !meaning.Permits(b) }
func onlySecond(a, b bpf.Action) bool { return onlyFirst(b, a) }
func otherwise(a, b bpf.Action) bool  { return a != b && meaning.Permits(a) == meaning.Permits(b) }

// named adds the names of ABIs and syscalls.
func named(a, b *meaning.Meaning, found []check.Witness) []Difference {
	all := make([]Difference, 0, len(found))
	for _, w := range found {
		d := Difference{Number: w.Call.Nr, Last: w.Last, Call: w.Call, Always: w.Always, A: w.One, B: w.Other}
		abi := a.ABI(w.Call.Arch, w.Call.Nr)
		if abi == nil {
			abi = b.ABI(w.Call.Arch, w.Call.Nr)
		}
		if abi != nil { // never nil: on other ABIs both answers are the same
			d.ABI, d.Name = abi.Name, abi.SyscallName(w.Call.Nr)
		}
		all = append(all, d)
	}
	return all
}

// Syscall returns the name and number of the syscall, such as read(0), or the range of
// numbers.
func (d Difference) Syscall() string {
	switch {
	case d.Name != "":
		return d.Name + "(" + explain.SyscallNumber(d.Number) + ")"
	case d.Last > d.Number:
		return explain.SyscallNumber(d.Number) + "-" + explain.SyscallNumber(d.Last)
	}
	return explain.SyscallNumber(d.Number)
}

// Witness writes a call with this difference, with its arguments up to the last that is not
// 0, or "all" if the difference does not depend on the arguments.
func (d Difference) Witness() string {
	if d.Always {
		return "all"
	}
	name := d.Name
	if name == "" {
		name = "syscall " + d.Syscall()
	}
	var args []string
	for i, arg := range d.Call.Args {
		if i == 0 || slices.ContainsFunc(d.Call.Args[i:], func(v uint64) bool { return v != 0 }) {
			args = append(args, fmt.Sprintf("%#x", arg))
		}
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}
