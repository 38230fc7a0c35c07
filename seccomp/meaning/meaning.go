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
	ABIs    []*Compiled // in the order in which they were given
}

// A Compiled is a profile's meaning on one ABI.
type Compiled struct {
	*ABI
	// Rules has the rules of each number that has any. The first that matches counts.
	Rules map[uint32][]Rule
	// Shadowed has the rules that never count because a rule without conditions does.
	Shadowed map[uint32][]Rule
	// Highest is the highest number that the profile names. Numbers above it are new and
	// fail with ENOSYS, except if Open is true: then no number is new.
	Highest uint32
	Open    bool
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
// profile lists. Rules count only for names that an ABI's Numbers have.
func New(p *seccomp.Profile, abis []*ABI) *Meaning {
	spec := p.Spec()
	m := &Meaning{Default: Action(spec.DefaultAction, spec.DefaultErrnoRet)}
	for _, abi := range abis {
		m.ABIs = append(m.ABIs, compile(abi, spec, m.Default))
	}
	return m
}

func compile(abi *ABI, spec *specs.LinuxSeccomp, otherwise bpf.Action) *Compiled {
	c := &Compiled{ABI: abi, Rules: map[uint32][]Rule{}, Shadowed: map[uint32][]Rule{}}
	c.Open = Permits(otherwise) || otherwise.Kind() == bpf.Trace
	named := false
	for i, entry := range spec.Syscalls {
		for _, name := range entry.Names {
			if nr, ok := abi.Numbers[name]; ok {
				c.Highest, named = max(c.Highest, nr), true
			}
			if action := Action(entry.Action, entry.ErrnoRet); action != otherwise {
				c.add(name, action, entry.Args, i)
			}
		}
	}
	c.Open = c.Open || !named
	for nr, rules := range c.Rules {
		c.Rules[nr], c.Shadowed[nr] = order(rules)
	}
	return c
}

// add adds a rule for a name to each number by which the syscall can be called. source is
// the index of the profile's entry.
func (c *Compiled) add(name string, action bpf.Action, conditions []specs.LinuxSeccompArg, source int) {
	for _, all := range alternatives(conditions) {
		rule := Rule{action, all, source}
		if nr, ok := c.Numbers[name]; ok {
			c.Rules[nr] = append(c.Rules[nr], rule)
		}
		for _, m := range multiplexers {
			nr, exists := c.Numbers[m.name]
			if _, behind := m.calls[name]; !exists || !behind {
				continue
			}
			if rule, ok := rule.through(m, name); ok {
				c.Rules[nr] = append(c.Rules[nr], rule)
			}
		}
	}
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
		return Call{Otherwise: foreign}
	case abi.IsNew(nr):
		return Call{Otherwise: bpf.ErrnoOf(uint16(syscall.ENOSYS))}
	}
	return Call{abi.Rules[nr], m.Default}
}

// ABI returns the ABI that a number belongs to, or nil if the profile does not have it.
func (m *Meaning) ABI(arch bpf.Arch, nr uint32) *Compiled {
	i := slices.IndexFunc(m.ABIs, func(c *Compiled) bool { return c.Arch == arch && c.has(nr) })
	if i < 0 {
		return nil
	}
	return m.ABIs[i]
}

// IsNew reports whether the number is above all numbers that the profile names. On s390 the
// number 0, once setup(2), is new too: the kernel shows 0 for a number that it does not
// know if the number does not fit into the svc instruction (runc#2871).
func (c *Compiled) IsNew(nr uint32) bool {
	if c.Open {
		return false
	}
	return nr > c.Highest || nr == 0 && (c.Arch == bpf.ArchS390 || c.Arch == bpf.ArchS390X)
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
