package meaning

import (
	"slices"
	"syscall"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

// A Meaning is what a profile means on some ABIs.
type Meaning struct {
	Default bpf.Action
	Newer   bpf.Action  // for calls that are newer than the profile
	Foreign bpf.Action  // for calls of an ABI that the profile does not have
	ABIs    []*ABIRules // in the order in which they were given
}

// A Call is what a profile decides about one syscall.
type Call struct {
	Rules     []Rule     // the first that matches counts
	Otherwise bpf.Action // if none does
}

// foreign is the action for calls of an ABI that the profile does not have: that of
// libseccomp, and so of runc and crun.
const foreign = bpf.KillThread

// New returns what a profile means on these ABIs: the native one and those that the
// profile lists. The Numbers of an ABI must be complete: a rule for a name that they lack
// is lost.
func New(p *seccomp.Profile, abis []*ABI) *Meaning {
	spec := p.Spec()
	m := &Meaning{
		Default: Action(spec.DefaultAction, spec.DefaultErrnoRet),
		Newer:   bpf.ErrnoOf(uint16(syscall.ENOSYS)),
		Foreign: foreign,
	}
	for _, abi := range abis {
		m.ABIs = append(m.ABIs, rulesOn(abi, spec, m.Default))
	}
	return m
}

// Answering returns a meaning that decides each call by the same rule, and takes the action
// that f makes of the rule's.
func (m *Meaning) Answering(f func(bpf.Action) bpf.Action) *Meaning {
	other := &Meaning{Default: f(m.Default), Newer: f(m.Newer), Foreign: f(m.Foreign)}
	for _, abi := range m.ABIs {
		changed := *abi
		changed.Rules = answering(abi.Rules, f)
		changed.Shadowed = answering(abi.Shadowed, f)
		other.ABIs = append(other.ABIs, &changed)
	}
	return other
}

func answering(rules map[uint32][]Rule, f func(bpf.Action) bpf.Action) map[uint32][]Rule {
	changed := make(map[uint32][]Rule, len(rules))
	for nr, list := range rules {
		list = slices.Clone(list)
		for i := range list {
			list[i].Action = f(list[i].Action)
		}
		changed[nr] = list
	}
	return changed
}

// Decide returns the action for a call.
func (m *Meaning) Decide(d bpf.Data) bpf.Action {
	call := m.Call(d.Arch, d.Nr)
	args := d.Args
	if abi := m.ABI(d.Arch, d.Nr); abi != nil && !abi.Wide() {
		for i := range args {
			args[i] = uint64(uint32(args[i]))
		}
	}
	for _, rule := range call.Rules {
		if rule.Matches(args) {
			return rule.Action
		}
	}
	return call.Otherwise
}

// Call returns what the profile decides about a syscall, for all arguments.
func (m *Meaning) Call(arch bpf.Arch, nr uint32) Call {
	abi := m.ABI(arch, nr)
	switch {
	case abi == nil:
		return Call{Otherwise: m.Foreign}
	case abi.IsNew(nr):
		return Call{Otherwise: m.Newer}
	}
	return Call{abi.Rules[nr], m.Default}
}

// ABI returns the ABI that a number belongs to, or nil if the profile does not have it.
func (m *Meaning) ABI(arch bpf.Arch, nr uint32) *ABIRules {
	i := slices.IndexFunc(m.ABIs, func(r *ABIRules) bool { return r.Arch == arch && r.has(nr) })
	if i < 0 {
		return nil
	}
	return m.ABIs[i]
}

// Action combines a profile's action with its error number or its message to the tracer.
func Action(action specs.LinuxSeccompAction, errno *uint) bpf.Action {
	a := kinds[action]
	if action != specs.ActErrno && action != specs.ActTrace {
		return a
	}
	if errno == nil {
		return a | seccomp.DefaultErrno
	}
	return a | bpf.Action(uint16(*errno)) // seccomp.New accepts no more than 16 bits
}

var kinds = map[specs.LinuxSeccompAction]bpf.Action{
	specs.ActKill:        bpf.KillThread,
	specs.ActKillThread:  bpf.KillThread,
	specs.ActKillProcess: bpf.KillProcess,
	specs.ActTrap:        bpf.Trap,
	specs.ActErrno:       bpf.Errno,
	specs.ActTrace:       bpf.Trace,
	specs.ActAllow:       bpf.Allow,
	specs.ActLog:         bpf.Log,
	specs.ActNotify:      bpf.UserNotif,
}
