package integration

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"
)

// idle are calls that the kernel answers with ENOSYS for all arguments, so that a
// program may make them with any.
var idle = []string{
	"afs_syscall", "tuxcall", "security", "create_module", "get_kernel_syms", "query_module", "nfsservctl", "getpmsg",
	"putpmsg", "vserver", "epoll_ctl_old", "epoll_wait_old", "_sysctl",
}

// boundaries are where 64 bits, their halves and their signs change.
var boundaries = []uint64{
	0, 1, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32, math.MaxUint32 + 1,
	math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64 - math.MaxUint32, math.MaxUint64,
}

// mask has bits in both halves.
const mask = 0x80000001_00000003

var operators = map[specs.LinuxSeccompOperator]func(arg, value uint64) bool{
	specs.OpEqualTo:      func(arg, value uint64) bool { return arg == value },
	specs.OpNotEqual:     func(arg, value uint64) bool { return arg != value },
	specs.OpLessThan:     func(arg, value uint64) bool { return arg < value },
	specs.OpLessEqual:    func(arg, value uint64) bool { return arg <= value },
	specs.OpGreaterThan:  func(arg, value uint64) bool { return arg > value },
	specs.OpGreaterEqual: func(arg, value uint64) bool { return arg >= value },
	// SCMP_CMP_MASKED_EQ: value is the mask, valueTwo what must be left.
	specs.OpMaskedEqual: func(arg, value uint64) bool { return arg&mask == value },
}

// A rule with a condition holds for the arguments that the operator names, as
// 64-bit unsigned numbers, and for no others.
func TestOperators(t *testing.T) {
	t.Parallel()
	names := known(idle)
	if len(names) == 0 {
		t.Skip("this architecture has no idle calls")
	}
	for op, holds := range operators {
		// One rule for each call: libseccomp errs about several (design, "Compile").
		for i := 0; i < len(boundaries); i += len(names) {
			values := boundaries[i:min(i+len(names), len(boundaries))]
			t.Run(fmt.Sprintf("%s, from %#x", op, values[0]), func(t *testing.T) {
				t.Parallel()
				p, want := conditions(op, holds, values, names)
				got := execute(t, calls(slices.Sorted(maps.Keys(want))...), under(p))
				mustAnswer(t, "init", got.stdout, want)
			})
		}
	}
}

// conditions makes a profile with one rule for each value, each for another
// call and argument, and says what calls around the values should come to.
func conditions(op specs.LinuxSeccompOperator, holds func(arg, value uint64) bool, values []uint64, names []string) (*specs.LinuxSeccomp, map[string]string) {
	errno := uint(71)
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	want := map[string]string{}
	for i, value := range values {
		arg := specs.LinuxSeccompArg{Index: uint(i % 6), Value: value, Op: op}
		if op == specs.OpMaskedEqual {
			value &= mask
			arg.Value, arg.ValueTwo = mask, value
		}
		p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{
			Names: names[i : i+1], Action: specs.ActErrno, ErrnoRet: &errno, Args: []specs.LinuxSeccompArg{arg}})
		for _, given := range around(value) {
			args := make([]uint64, 6)
			args[arg.Index] = given
			step := call(names[i], args...)
			want[step] = "ENOSYS"
			if holds(given, value) {
				want[step] = "EPROTO"
			}
		}
	}
	return p, want
}

// around returns the value, its neighbours, and those that differ in one bit
// or in one half.
func around(value uint64) []uint64 {
	return []uint64{
		value, value - 1, value + 1, 0, math.MaxUint64,
		value ^ 1, value ^ 2, value ^ 4, value ^ 1<<31, value ^ 1<<32, value ^ 1<<63,
		value & math.MaxUint32, value &^ math.MaxUint32, value<<32 | value>>32,
	}
}

// known returns the calls that this architecture has.
func known(names []string) []string {
	var found []string
	for _, name := range names {
		if nr, err := libseccomp.GetSyscallFromName(name); err == nil && nr >= 0 {
			found = append(found, name)
		}
	}
	return found
}

// All conditions of one rule must hold.
func TestConditionsOfOneRule(t *testing.T) {
	t.Parallel()
	names := known(idle)
	if len(names) == 0 {
		t.Skip("this architecture has no idle calls")
	}
	p := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["`+names[0]+`"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[
		{"index":0,"value":4294967296,"op":"SCMP_CMP_GE"},
		{"index":2,"value":5,"op":"SCMP_CMP_EQ"},
		{"index":5,"value":18446744073709551615,"op":"SCMP_CMP_NE"}]}]}`)
	steps, want := split([]expectation{
		{call(names[0], 1<<32, 0, 5, 0, 0, 0), "EPROTO"},
		{call(names[0], 1<<32-1, 0, 5, 0, 0, 0), "ENOSYS"},
		{call(names[0], 1<<32, 0, 5|1<<32, 0, 0, 0), "ENOSYS"},
		{call(names[0], 1<<32, 0, 5, 0, 0, math.MaxUint64), "ENOSYS"},
		{call(names[0], 1<<63, 1, 5, 1, 1, math.MaxUint32), "EPROTO"},
	})
	mustAnswer(t, "init", execute(t, calls(steps...), under(p)).stdout, want)
}
