package explain

import (
	"fmt"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// A Case is a possible action for a syscall and its reason.
type Case struct {
	If      []Condition // the conditions on unknown arguments that decide
	IfAbove *uint32     // the case applies to numbers above this one; the number is unknown
	Action  bpf.Action
	Reason  Reason
	// If the reason is ByRule, Rule is the index of the profile's syscalls entry, and
	// Conditions are those that count here: package meaning describes two conditions on
	// one argument, and multiplexers.
	Rule       int
	Conditions []Condition
	Floor      bool // the floor decides, and not the profile: see Together
	// If the reason is TooNew, these are the name and number of the highest syscall that
	// the profile names.
	Highest       string
	HighestNumber uint32
}

// A Reason is the part of a profile's meaning that decides.
type Reason string

// The reasons.
const (
	ByRule     Reason = "rule"    // a rule of the profile
	ByDefault  Reason = "default" // no rule matches
	TooNew     Reason = "new"     // the syscall is newer than the profile
	ForeignABI Reason = "foreign" // the profile does not have the ABI
)

// OfFloor begins the reason of a case that the floor decides.
const OfFloor = "the floor's "

// Why returns the reason in words.
func (c Case) Why() string {
	if c.Floor {
		c.Floor = false
		return OfFloor + c.Why()
	}
	switch c.Reason {
	case ByRule:
		text := fmt.Sprintf("syscalls[%d]", c.Rule)
		if len(c.Conditions) > 0 {
			text += ": " + All(c.Conditions)
		}
		return text
	case TooNew:
		return fmt.Sprintf("newer than the profile, which names nothing above %s(%s)", c.Highest, SyscallNumber(c.HighestNumber))
	case ForeignABI:
		return "not one of the profile's architectures"
	}
	return "defaultAction"
}

// SyscallNumber writes a syscall's number, in hexadecimal if it has the bit of x32.
func SyscallNumber(nr uint32) string {
	if nr >= bpf.X32Bit {
		return fmt.Sprintf("%#x", nr)
	}
	return fmt.Sprint(nr)
}

// MarshalJSON writes actions and conditions as text.
func (c Case) MarshalJSON() ([]byte, error) {
	doc := struct {
		If         []Condition `json:"if,omitempty"`
		IfAbove    *uint32     `json:"ifNumberAbove,omitempty"`
		Action     string      `json:"action"`
		Reason     Reason      `json:"reason"`
		Rule       *int        `json:"rule,omitempty"`
		Conditions []Condition `json:"conditions,omitempty"`
		Floor      bool        `json:"floor,omitempty"`
		Why        string      `json:"why"`
	}{c.If, c.IfAbove, c.Action.String(), c.Reason, nil, c.Conditions, c.Floor, c.Why()}
	if c.Reason == ByRule {
		doc.Rule = &c.Rule
	}
	return encode(doc)
}

// cases follows the rules of a syscall as far as the known arguments allow.
func cases(abi *meaning.ABIRules, call meaning.Call, nr uint32, known map[uint]uint64) []Case {
	if abi.IsNew(nr) {
		return []Case{newCase(abi, call.Otherwise)}
	}
	var all []Case
	for _, rule := range call.Rules {
		open, fails := undecided(rule, known)
		if fails {
			continue
		}
		all = append(all, Case{If: open, Action: rule.Action, Reason: ByRule, Rule: rule.Source, Conditions: conditionsOf(rule.Conditions)})
		if len(open) == 0 {
			return all
		}
	}
	return append(all, Case{Action: call.Otherwise, Reason: ByDefault})
}

func newCase(abi *meaning.ABIRules, action bpf.Action) Case {
	return Case{Action: action, Reason: TooNew, Highest: abi.SyscallName(abi.Highest), HighestNumber: abi.Highest}
}

// undecided returns the conditions on unknown arguments. fails is true if a condition on a
// known argument does not hold.
func undecided(r meaning.Rule, known map[uint]uint64) (open []Condition, fails bool) {
	for _, c := range r.Conditions {
		arg, ok := known[c.Index]
		switch {
		case !ok:
			open = append(open, Condition(c))
		case !meaning.Holds(c, arg):
			return nil, true
		}
	}
	return open, false
}
