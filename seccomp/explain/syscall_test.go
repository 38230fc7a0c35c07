package explain

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"seccomp-shim/seccomp/meaning"
)

func TestSyscall(t *testing.T) {
	const eperm, enosys = "ERRNO(1 operation not permitted)", "ERRNO(38 function not implemented)"
	for _, row := range []struct {
		fact, profile string
		abis          []*meaning.ABI
		call          string // a name, and arguments
		want          []string
	}{
		{"default action", allow, []*meaning.ABI{x8664}, "read", []string{"X86_64 read(0): ALLOW; defaultAction"}},
		{"rule", rules(deny, "write,read ALLOW"), []*meaning.ABI{x8664}, "read", []string{"X86_64 read(0): ALLOW; syscalls[0]"}},
		{"each ABI", rules(deny, "read ALLOW"), []*meaning.ABI{x8664, x32, i386}, "read",
			[]string{"X86_64 read(0): ALLOW; syscalls[0]", "X32 read(0x40000000): ALLOW; syscalls[0]", "X86 read(3): ALLOW; syscalls[0]"}},
		{"not on each ABI", rules(allow, "clone ERRNO"), []*meaning.ABI{x8664, i386}, "clone",
			[]string{"X86_64 clone(56): " + eperm + "; syscalls[0]", "X86 clone(0): none"}},
		{"newer than the profile", rules(deny, "write ALLOW"), []*meaning.ABI{x8664}, "clone",
			[]string{"X86_64 clone(56): " + enosys + "; newer than the profile, which names nothing above write(1)"}},
		{"unknown name", rules(deny, "write ALLOW", "brandnew ALLOW"), []*meaning.ABI{x8664}, "brandnew",
			[]string{"X86_64 brandnew(0): " + enosys + " if above 1; newer than the profile, which names nothing above write(1)",
				"X86_64 brandnew(0): " + eperm + "; defaultAction; syscalls[1] is left out, because nobody knows the syscall"}},
		{"unknown name, nothing is new", rules(allow, "brandnew LOG"), []*meaning.ABI{x8664}, "brandnew",
			[]string{"X86_64 brandnew(0): ALLOW; defaultAction; syscalls[0] is left out, because nobody knows the syscall"}},

		{"open conditions", rules(allow, "read ERRNO 0 EQ 16 2 NE 3"), []*meaning.ABI{x8664}, "read",
			[]string{"X86_64 read(0): " + eperm + " if arg0 == 0x10 and arg2 != 3; syscalls[0]: arg0 == 0x10 and arg2 != 3", "X86_64 read(0): ALLOW; defaultAction"}},
		{"half open conditions", rules(allow, "read ERRNO 0 EQ 16 2 NE 3"), []*meaning.ABI{x8664}, "read 16",
			[]string{"X86_64 read(0): " + eperm + " if arg2 != 3; syscalls[0]: arg0 == 0x10 and arg2 != 3", "X86_64 read(0): ALLOW; defaultAction"}},
		{"no match", rules(allow, "read ERRNO 0 EQ 16 2 NE 3", "read KILL 0 EQ 7"), []*meaning.ABI{x8664}, "read 15",
			[]string{"X86_64 read(0): ALLOW; defaultAction; syscalls[0-1] do not match"}},
		{"match, the strictest first", rules(allow, "read ERRNO 0 EQ 1", "read KILL 0 LT 9"), []*meaning.ABI{x8664}, "read 1",
			[]string{"X86_64 read(0): KILL_THREAD; syscalls[1]: arg0 < 9; syscalls[0] comes after a rule that matches"}},
		{"masked", rules(deny, "clone ALLOW 0 MASKED_EQ 255/257"), []*meaning.ABI{x8664}, "clone",
			[]string{"X86_64 clone(56): ALLOW if arg0 & 0xff == 1; syscalls[0]: arg0 & 0xff == 1", "X86_64 clone(56): " + eperm + "; defaultAction"}},
		{"masked by all bits", rules(deny, "clone ALLOW 0 MASKED_EQ 18446744073709551615/5"), []*meaning.ABI{x8664}, "clone 5",
			[]string{"X86_64 clone(56): ALLOW; syscalls[0]: arg0 == 5"}},
		{"conditions about one argument", rules(allow, "read ERRNO 0 EQ 1 0 EQ 2"), []*meaning.ABI{x8664}, "read",
			[]string{"X86_64 read(0): " + eperm + " if arg0 == 1; syscalls[0]: arg0 == 1", "X86_64 read(0): " + eperm + " if arg0 == 2; syscalls[0]: arg0 == 2",
				"X86_64 read(0): ALLOW; defaultAction"}},
		{"a rule that says nothing", rules(deny, "write ALLOW", "read ERRNO 0 EQ 1"), []*meaning.ABI{x8664}, "read 1",
			[]string{"X86_64 read(0): " + eperm + "; defaultAction; syscalls[1] says what defaultAction says"}},
		{"a rule in the shadow", rules(allow, "read ERRNO 0 EQ 1", "read LOG"), []*meaning.ABI{x8664}, "read 1",
			[]string{"X86_64 read(0): LOG; syscalls[1]; syscalls[0] cannot count beside a rule without conditions"}},
		{"registers of 32 bits", rules(deny, "personality ALLOW 0 EQ 5"), []*meaning.ABI{x8664, i386}, "personality 0x100000005",
			[]string{"X86_64 personality(135): " + eperm + "; defaultAction; syscalls[0] does not match", "X86 personality(136): ALLOW; syscalls[0]: arg0 == 5"}},

		{"multiplexer", rules(deny, "socket ALLOW"), []*meaning.ABI{i386}, "socket 2",
			[]string{"X86 socket(359): ALLOW; syscalls[0]", "X86 socket(102) by socketcall: ALLOW; syscalls[0]: arg0 & 0xffffffff == 1"}},
		{"hidden behind it", rules(deny, "socket ALLOW 0 EQ 2 1 EQ 1"), []*meaning.ABI{i386}, "socket 2 1",
			[]string{"X86 socket(359): ALLOW; syscalls[0]: arg0 == 2 and arg1 == 1",
				"X86 socket(102) by socketcall: " + eperm + "; defaultAction; syscalls[0] depends on arguments that a filter cannot see here"}},
		{"others behind it", rules(deny, "bind ALLOW", "socket ALLOW 1 EQ 1"), []*meaning.ABI{i386}, "socket 2 0",
			[]string{"X86 socket(359): " + eperm + "; defaultAction; syscalls[1] does not match",
				"X86 socket(102) by socketcall: " + eperm + "; defaultAction; syscalls[1] depends on arguments that a filter cannot see here"}},
		{"allowed as a whole", rules(deny, "socketcall ALLOW", "socket ALLOW 0 EQ 2"), []*meaning.ABI{i386}, "socket 40",
			[]string{"X86 socket(359): " + eperm + "; defaultAction; syscalls[1] does not match",
				"X86 socket(102) by socketcall: ALLOW; syscalls[0]; syscalls[1] cannot count beside a rule without conditions"}},
		{"only by a multiplexer", rules(allow, "semop ERRNO"), []*meaning.ABI{i386}, "semop",
			[]string{"X86 semop(117) by ipc: " + eperm + "; syscalls[0]: arg0 & 0xffff == 1"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p, m := parse(t, row.profile, row.abis...)
			call := strings.Fields(row.call)
			var args []uint64
			for _, text := range call[1:] {
				arg, err := strconv.ParseUint(text, 0, 64)
				if err != nil {
					t.Fatal(err)
				}
				args = append(args, arg)
			}
			e, err := Syscall(p, m, call[0], args...)
			if err != nil {
				t.Fatal(err)
			}
			if got := lines(e); !slices.Equal(got, row.want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(row.want, "\n\t"))
			}
			if e.Others.Action.String() != "KILL_THREAD" {
				t.Errorf("others are answered %v", e.Others.Action)
			}
		})
	}
}

func TestNobodyKnowsTheSyscall(t *testing.T) {
	p, m := parse(t, rules(deny, "read ALLOW"), x8664, i386)
	_, err := Syscall(p, m, "brandnew")
	if err == nil || !strings.Contains(err.Error(), `"brandnew"`) || !strings.Contains(err.Error(), "SCMP_ARCH_X86_64") {
		t.Errorf("got %v", err)
	}
}

func TestNumber(t *testing.T) {
	p, m := parse(t, rules(deny, "read,personality ALLOW"), x8664, x32, i386)
	for nr, want := range map[uint32][]string{
		3: {"X86_64 (3): ERRNO(1 operation not permitted); defaultAction", "X86 read(3): ALLOW; syscalls[0]"},
		0x40000000: {"X32 read(0x40000000): ALLOW; syscalls[0]",
			"X86 (0x40000000): ERRNO(38 function not implemented); newer than the profile, which names nothing above personality(136)"},
	} {
		if got := lines(Number(p, m, nr)); !slices.Equal(got, want) {
			t.Errorf("%#x: got\n\t%s\nwant\n\t%s", nr, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}
