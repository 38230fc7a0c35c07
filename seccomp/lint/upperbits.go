package lint

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/arguments"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// readBits is what the kernel reads of an int. Of a mode it reads 16 bits; between 16 and 32
// nothing is looked for.
const readBits = 32

// upperBits finds the arguments of a syscall whose upper bits change the answer, although the
// kernel does not read them: the two calls are the same to it.
func upperBits(ctx context.Context, spec *specs.LinuxSeccomp, m *meaning.Meaning, abi *meaning.ABIRules, nr uint32) ([]Finding, error) {
	name := abi.SyscallName(nr)
	passes := func(one, other bpf.Action) bool { return meaning.Permits(one) && !meaning.Permits(other) }
	refused := func(one, other bpf.Action) bool { return passes(other, one) }
	var all []Finding
	for i, argument := range arguments.Of(abi.Name, name) {
		index := uint(i)
		if argument.Bits > readBits || !compared(abi.Rules[nr], index) {
			continue
		}
		found, err := check.UpperHalf(ctx, m, abi.Arch, nr, index, passes, refused)
		if err != nil {
			return nil, err
		}
		for j, topic := range []Topic{UpperBitsPass, UpperBitsRefused} {
			if found[j] != nil {
				all = append(all, upperBitsFinding(spec, abi, nr, index, argument, topic, found[j]))
			}
		}
	}
	return all, nil
}

func compared(rules []meaning.Rule, index uint) bool {
	return slices.ContainsFunc(rules, func(r meaning.Rule) bool {
		return slices.ContainsFunc(r.Conditions, func(c specs.LinuxSeccompArg) bool { return c.Index == index })
	})
}

func upperBitsFinding(spec *specs.LinuxSeccomp, abi *meaning.ABIRules, nr uint32, index uint, a arguments.Argument, topic Topic, w *check.Witness) Finding {
	cut := w.Call
	cut.Args[index] = uint64(uint32(cut.Args[index]))
	name := abi.SyscallName(nr)
	level, consequence := Warning, "so the call passes; compare the lower 32 bits alone (SCMP_CMP_MASKED_EQ), or list what is allowed"
	if topic == UpperBitsRefused {
		level, consequence = Note, "so a program that leaves these bits as they are, or passes a negative number, may be refused"
	}
	return Finding{level, topic, place(spec, abi.Rules[nr], index, w.Call.Args, cut.Args), fmt.Sprintf(
		"the kernel reads %d bits of argument %d (%s) of %s, and the rule compares 64: %s is answered %s, but %s, which is the same to the kernel, %s, %s",
		readBits, index, a.Name, name, written(name, cut), w.Other, written(name, w.Call), w.One, consequence)}
}

// place returns the condition on an argument that distinguishes two calls: that of the rule
// which decides one of them.
func place(spec *specs.LinuxSeccomp, rules []meaning.Rule, index uint, calls ...[6]uint64) string {
	for _, args := range calls {
		for _, rule := range rules {
			if !rule.Matches(args) {
				continue
			}
			for j, c := range spec.Syscalls[rule.Source].Args {
				if c.Index == index {
					return fmt.Sprintf("syscalls[%d].args[%d]", rule.Source, j)
				}
			}
			break
		}
	}
	return "syscalls"
}

// written writes a call with its arguments up to the last that is not 0.
func written(name string, call bpf.Data) string {
	last := 0
	for i, arg := range call.Args {
		if arg != 0 {
			last = i
		}
	}
	var args []string
	for _, arg := range call.Args[:last+1] {
		args = append(args, explain.Value(arg))
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}
