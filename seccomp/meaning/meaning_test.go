package meaning

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

// Three ABIs of one kernel, with a few of their syscalls.
var (
	x8664 = &ABI{specs.ArchX86_64, bpf.ArchX86_64, map[string]uint32{
		"read": 0, "write": 1, "socket": 41, "clone": 56, "semop": 65, "personality": 135, "clone3": 435}}
	x32 = &ABI{specs.ArchX32, bpf.ArchX86_64, map[string]uint32{
		"read": 0x40000000, "write": 0x40000001, "socket": 0x40000029, "clone": 0x40000038, "personality": 0x40000087}}
	i386 = &ABI{specs.ArchX86, bpf.ArchI386, map[string]uint32{
		"read": 3, "write": 4, "socketcall": 102, "ipc": 117, "clone": 120, "personality": 136, "socket": 359}}
	s390 = &ABI{specs.ArchS390X, bpf.ArchS390X, map[string]uint32{"read": 3, "write": 4}}
)

const (
	eperm  = bpf.Errno | 1
	enosys = bpf.Errno | 38
	minus1 = ^uint32(0)
)

func on(arch bpf.Arch, nr uint32, args ...uint64) bpf.Data {
	d := bpf.Data{Arch: arch, Nr: nr}
	copy(d.Args[:], args)
	return d
}

func amd64(nr uint32, args ...uint64) bpf.Data { return on(bpf.ArchX86_64, nr, args...) }
func x86(nr uint32, args ...uint64) bpf.Data   { return on(bpf.ArchI386, nr, args...) }

// meaningOf takes a profile's JSON text without the outer braces.
func meaningOf(t *testing.T, text string, abis ...*ABI) *Meaning {
	t.Helper()
	var spec specs.LinuxSeccomp
	if err := json.Unmarshal([]byte("{"+text+"}"), &spec); err != nil {
		t.Fatal(err)
	}
	p, err := seccomp.New(&spec)
	if err != nil {
		t.Fatal(err)
	}
	return New(p, abis)
}

const deny, allow = `"defaultAction":"SCMP_ACT_ERRNO"`, `"defaultAction":"SCMP_ACT_ALLOW"`

func rules(entries ...string) string {
	text := `,"syscalls":[`
	for i, r := range entries {
		if i > 0 {
			text += ","
		}
		text += r
	}
	return text + "]"
}

func rule(action, name string, conditions ...string) string {
	text := fmt.Sprintf(`{"names":[%q],"action":"SCMP_ACT_%s","args":[`, name, action)
	for i, c := range conditions {
		if i > 0 {
			text += ","
		}
		text += c
	}
	return text + "]}"
}

func arg(index int, op string, values ...uint64) string {
	values = append(values, 0)
	return fmt.Sprintf(`{"index":%d,"op":"SCMP_CMP_%s","value":%d,"valueTwo":%d}`, index, op, values[0], values[1])
}

func TestDecide(t *testing.T) {
	const high = 1 << 32
	for _, row := range []struct {
		fact, profile string
		abis          []*ABI
		call          bpf.Data
		want          bpf.Action
	}{
		{"default action", allow, []*ABI{x8664}, amd64(7), bpf.Allow},
		{"rule", allow + rules(rule("ERRNO", "read")), []*ABI{x8664}, amd64(0), eperm},
		{"rule of another syscall", allow + rules(rule("ERRNO", "read")), []*ABI{x8664}, amd64(1), bpf.Allow},
		{"rule on each ABI", allow + rules(rule("ERRNO", "write")), []*ABI{x8664, x32, i386}, x86(4), eperm},
		{"x32 is told by the number", allow + rules(rule("KILL_PROCESS", "write")), []*ABI{x8664, x32}, amd64(0x40000001), bpf.KillProcess},
		{"foreign architecture", allow, []*ABI{x8664}, x86(4), bpf.KillThread},
		{"x32 is foreign unless listed", allow, []*ABI{x8664}, amd64(0x40000001), bpf.KillThread},
		{"-1 is no x32", allow, []*ABI{x8664}, amd64(minus1), bpf.Allow},

		{"OR between rules", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1)), rule("ERRNO", "read", arg(1, "EQ", 2))), []*ABI{x8664}, amd64(0, 9, 2), eperm},
		{"AND between conditions", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1), arg(1, "EQ", 2))), []*ABI{x8664}, amd64(0, 9, 2), bpf.Allow},
		{"AND between conditions, met", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1), arg(1, "EQ", 2))), []*ABI{x8664}, amd64(0, 1, 2), eperm},
		{"same index: OR", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1), arg(0, "EQ", 2))), []*ABI{x8664}, amd64(0, 2), eperm},
		{"same index: all conditions are alternatives", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1), arg(0, "EQ", 2), arg(3, "EQ", 3))), []*ABI{x8664}, amd64(0, 9, 9, 9, 3), eperm},
		{"rule of the default action is left out", deny + rules(rule("ERRNO", "read", arg(0, "EQ", 1)), rule("ALLOW", "read")), []*ABI{x8664}, amd64(0, 1), bpf.Allow},
		{"rule of the default action with another errno is not", deny + rules(`{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":5}`), []*ABI{x8664}, amd64(0), bpf.Errno | 5},
		{"no conditions beat conditions", allow + rules(rule("ERRNO", "read", arg(0, "EQ", 1)), rule("LOG", "read")), []*ABI{x8664}, amd64(0, 1), bpf.Log},
		{"first without conditions", allow + rules(rule("LOG", "read"), rule("ERRNO", "read")), []*ABI{x8664}, amd64(0), bpf.Log},

		{"new syscall", deny + rules(rule("ALLOW", "socket")), []*ABI{x8664}, amd64(42), enosys},
		{"highest named syscall", deny + rules(rule("ALLOW", "socket")), []*ABI{x8664}, amd64(41), bpf.Allow},
		{"older than the highest", deny + rules(rule("ALLOW", "socket")), []*ABI{x8664}, amd64(40), eperm},
		{"rule of the default action names a syscall", deny + rules(rule("ALLOW", "read"), rule("ERRNO", "socket")), []*ABI{x8664}, amd64(40), eperm},
		{"nothing is new if the default permits", allow + rules(rule("ERRNO", "read")), []*ABI{x8664}, amd64(5000), bpf.Allow},
		{"nothing is new to a tracer", `"defaultAction":"SCMP_ACT_TRACE"` + rules(rule("ALLOW", "read")), []*ABI{x8664}, amd64(5000), bpf.Trace | 1},
		{"nothing is new if nothing is named", `"defaultAction":"SCMP_ACT_KILL_PROCESS"`, []*ABI{x8664}, amd64(5000), bpf.KillProcess},
		{"new for each ABI by itself", deny + rules(rule("ALLOW", "clone")), []*ABI{x8664, i386}, x86(121), enosys},
		{"s390's number 0", deny + rules(rule("ALLOW", "write")), []*ABI{s390}, on(bpf.ArchS390X, 0), enosys},

		{"wide operand", deny + rules(rule("ALLOW", "personality", arg(0, "EQ", high|5))), []*ABI{x8664, i386}, x86(136, 5), eperm},
		{"wide operand, met by all", deny + rules(rule("ALLOW", "personality", arg(0, "LT", high|5))), []*ABI{x8664, i386}, x86(136, 0xffffffff), bpf.Allow},
		{"upper halves are not the call's", deny + rules(rule("ALLOW", "personality", arg(0, "EQ", 5))), []*ABI{x8664, i386}, x86(136, high|5), bpf.Allow},
		{"upper halves do not hide a call", allow + rules(rule("ERRNO", "socket")), []*ABI{x8664, i386}, x86(102, high|1), eperm},
		{"x32 arguments", deny + rules(rule("ALLOW", "personality", arg(0, "EQ", 5))), []*ABI{x8664, x32}, amd64(0x40000087, high|5), eperm},

		{"socketcall", deny + rules(rule("ALLOW", "socket")), []*ABI{x8664, i386}, x86(102, 1, 0xffff0000), bpf.Allow},
		{"socketcall for another call", deny + rules(rule("ALLOW", "socket")), []*ABI{x8664, i386}, x86(102, 2, 0xffff0000), eperm},
		{"socketcall itself", deny + rules(rule("ALLOW", "socketcall")), []*ABI{x8664, i386}, x86(102, 2, 0xffff0000), bpf.Allow},
		{"socketcall permits by argument 0", deny + rules(rule("ALLOW", "socket", arg(0, "EQ", 1))), []*ABI{x8664, i386}, x86(102, 1, 0xffff0000), bpf.Allow},
		{"hidden arguments do not permit", deny + rules(rule("ALLOW", "socket", arg(1, "NE", 5))), []*ABI{x8664, i386}, x86(102, 1, 0xffff0000), eperm},
		{"hidden arguments refuse", allow + rules(rule("ERRNO", "socket", arg(2, "EQ", 5))), []*ABI{x8664, i386}, x86(102, 1, 0xffff0000), eperm},
		{"the direct call has its arguments", deny + rules(rule("ALLOW", "socket", arg(1, "EQ", 5))), []*ABI{x8664, i386}, x86(359, 2, 5), bpf.Allow},
		{"direct socket calls", deny + rules(rule("ALLOW", "read", arg(0, "EQ", 1)), rule("ALLOW", "socket")), []*ABI{x8664, i386}, x86(359, 2, 5), bpf.Allow},
		{"ipc", allow + rules(rule("ERRNO", "semop")), []*ABI{x8664, i386}, x86(117, 1), eperm},
		{"ipc version", allow + rules(rule("ERRNO", "semop")), []*ABI{x8664, i386}, x86(117, 7<<16|1), eperm},
		{"ipc for another call", allow + rules(rule("ERRNO", "semop")), []*ABI{x8664, i386}, x86(117, 7<<16|2), bpf.Allow},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if got := meaningOf(t, row.profile, row.abis...).Decide(row.call); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

// If several rules with conditions match, the strictest action counts, in any order of
// the rules.
func TestOverlappingRules(t *testing.T) {
	strict := []string{"KILL_PROCESS", "KILL_THREAD", "TRAP", "ERRNO", "TRACE", "LOG"}
	want := []bpf.Action{bpf.KillProcess, bpf.KillThread, bpf.Trap, eperm, bpf.Trace | 1, bpf.Log}
	for i, stricter := range strict {
		for _, weaker := range strict[i:] {
			a, b := rule(stricter, "read", arg(0, "EQ", 1)), rule(weaker, "read", arg(1, "EQ", 2))
			for _, both := range []string{rules(a, b), rules(b, a)} {
				if got := meaningOf(t, allow+both, x8664).Decide(amd64(0, 1, 2)); got != want[i] {
					t.Errorf("%s and %s: got %v", stricter, weaker, got)
				}
			}
		}
	}
	errnos := rules(`{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":7,"args":[`+arg(0, "EQ", 1)+`]}`,
		`{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":5,"args":[`+arg(1, "EQ", 2)+`]}`)
	if got := meaningOf(t, allow+errnos, x8664).Decide(amd64(0, 1, 2)); got != bpf.Errno|7 {
		t.Errorf("of two error numbers, %v counts", got)
	}
}

// An operator has the meaning of Go's own, and the vocabulary has no others.
func TestHolds(t *testing.T) {
	values := []uint64{0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff}
	held := map[specs.LinuxSeccompOperator]bool{}
	for _, argument := range values {
		for _, v := range values {
			for op, want := range map[specs.LinuxSeccompOperator]bool{
				specs.OpNotEqual: argument != v, specs.OpLessThan: argument < v, specs.OpLessEqual: argument <= v,
				specs.OpEqualTo: argument == v, specs.OpGreaterEqual: argument >= v, specs.OpGreaterThan: argument > v,
			} {
				held[op] = true
				if got := Holds(specs.LinuxSeccompArg{Op: op, Value: v}, argument); got != want {
					t.Errorf("%#x %s %#x is %v", argument, op, v, got)
				}
			}
			for _, masked := range values {
				held[specs.OpMaskedEqual] = true
				c := specs.LinuxSeccompArg{Op: specs.OpMaskedEqual, Value: v, ValueTwo: masked}
				if got := Holds(c, argument); got != (argument&v == masked&v) {
					t.Errorf("%#x & %#x == %#x is %v", argument, v, masked, got)
				}
			}
		}
	}
	for _, op := range seccomp.Operators() {
		if !held[op] {
			t.Errorf("%s is not tested", op)
		}
	}
}

func TestShadowed(t *testing.T) {
	m := meaningOf(t, allow+rules(rule("ERRNO", "read", arg(0, "EQ", 1)), rule("KILL_PROCESS", "write"), rule("LOG", "read")), x8664)
	got := m.ABIs[0].Shadowed[0]
	if len(got) != 1 || got[0].Source != 0 {
		t.Errorf("got %+v, want the first rule", got)
	}
	if len(m.ABIs[0].Shadowed[1]) != 0 {
		t.Error("a lonely rule is shadowed")
	}
}
