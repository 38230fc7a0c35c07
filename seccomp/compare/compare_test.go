package compare

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/meaning"
)

var (
	x8664 = &meaning.ABI{Name: specs.ArchX86_64, Arch: bpf.ArchX86_64, Numbers: map[string]uint32{"read": 0, "write": 1, "socket": 41, "openat2": 437}}
	i386  = &meaning.ABI{Name: specs.ArchX86, Arch: bpf.ArchI386, Numbers: map[string]uint32{"read": 3, "write": 4}}
)

func profile(t *testing.T, text string) *seccomp.Profile {
	t.Helper()
	p, err := seccomp.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func allow(names string) string {
	return `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"action":"SCMP_ACT_ALLOW","names":[` + names + `]}]}`
}

// Each difference is in the list that it belongs to, with the call that shows it.
func TestProfiles(t *testing.T) {
	const errno, kill = "ERRNO(1 operation not permitted)", "KILL_THREAD"
	for _, row := range []struct {
		fact, a, b  string
		abisA       []*meaning.ABI
		onlyA       []string
		onlyB, rest []string
	}{
		{"one more", allow(`"read","socket"`), allow(`"write","socket"`), nil,
			[]string{"SCMP_ARCH_X86_64 read(0) ALLOW " + errno + " true"}, []string{"SCMP_ARCH_X86_64 write(1) " + errno + " ALLOW true"}, nil},
		{"an argument", allow(`"read"]},{"names":["socket"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}`), allow(`"read","socket"`), nil,
			nil, []string{"SCMP_ARCH_X86_64 socket(41) " + errno + " ALLOW false"}, nil},
		{"an error number", `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}]}`,
			`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}`, nil,
			nil, nil, []string{"SCMP_ARCH_X86_64 read(0) " + errno + " ERRNO(38 function not implemented) true"}},
		{"logged", allow(`"read"`), `{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG"}]}`, nil,
			nil, nil, []string{"SCMP_ARCH_X86_64 read(0) ALLOW LOG true"}},
		{"a newer name", allow(`"read","socket"`), allow(`"read","socket","openat2"`), nil,
			nil, []string{"SCMP_ARCH_X86_64 openat2(437) ERRNO(38 function not implemented) ALLOW true"},
			[]string{"SCMP_ARCH_X86_64 42-436 ERRNO(38 function not implemented) " + errno + " true"}},
		{"an ABI", allow(`"read"`), allow(`"read"`), []*meaning.ABI{x8664, i386},
			[]string{"SCMP_ARCH_X86 read(3) ALLOW " + kill + " true"}, nil,
			[]string{"SCMP_ARCH_X86 0 " + errno + " " + kill + " true", "SCMP_ARCH_X86 1-2 " + errno + " " + kill + " true",
				"SCMP_ARCH_X86 write(4) ERRNO(38 function not implemented) " + kill + " true",
				"SCMP_ARCH_X86 5-1073741823 ERRNO(38 function not implemented) " + kill + " true",
				"SCMP_ARCH_X86 0x40000000-0xfffffffe ERRNO(38 function not implemented) " + kill + " true",
				"SCMP_ARCH_X86 0xffffffff ERRNO(38 function not implemented) " + kill + " true"}},
		{"nothing", allow(`"read","write"`), allow(`"write","read"`), nil, nil, nil, nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if row.abisA == nil {
				row.abisA = []*meaning.ABI{x8664}
			}
			a, b := meaning.New(profile(t, row.a), row.abisA), meaning.New(profile(t, row.b), []*meaning.ABI{x8664})
			r, err := Profiles(t.Context(), a, b)
			if err != nil {
				t.Fatal(err)
			}
			for i, found := range [][]Difference{r.OnlyA, r.OnlyB, r.Otherwise} {
				var got []string
				for _, d := range found {
					got = append(got, fmt.Sprintf("%s %s %s %s %v", d.ABI, d.Syscall(), d.A, d.B, d.Always))
					if a.Decide(d.Call) != d.A || b.Decide(d.Call) != d.B {
						t.Errorf("the witness %+v is none: %s, %s", d, a.Decide(d.Call), b.Decide(d.Call))
					}
				}
				if want := [][]string{row.onlyA, row.onlyB, row.rest}[i]; fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("list %d: got\n%q, want\n%q", i, got, want)
				}
			}
			if r.Same() != (row.onlyA == nil && row.onlyB == nil && row.rest == nil) {
				t.Errorf("same: %v", r.Same())
			}
		})
	}
}

// Looser has the kernel's order of actions.
func TestLooser(t *testing.T) {
	order := []specs.LinuxSeccompAction{specs.ActKillProcess, specs.ActKillThread, specs.ActTrap, specs.ActErrno, specs.ActNotify,
		specs.ActTrace, specs.ActLog, specs.ActAllow}
	withDefault := func(action specs.LinuxSeccompAction, rest string) *meaning.Meaning {
		quoted, err := json.Marshal(action)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"defaultAction":%s%s}`, quoted, rest)
		if action == specs.ActNotify {
			text = fmt.Sprintf(`{"defaultAction":%s,"listenerPath":"/agent"%s}`, quoted, rest)
		}
		return meaning.New(profile(t, text), []*meaning.ABI{x8664})
	}
	for i, a := range order {
		for j, b := range order {
			looser, err := Looser(t.Context(), withDefault(a, ""), withDefault(b, ""))
			if err != nil || (len(looser) > 0) != (i > j) {
				t.Errorf("%s is looser than %s: %v, %v", a, b, len(looser) > 0, err)
			}
		}
	}
	if looser, err := Looser(t.Context(), withDefault(specs.ActErrno, `,"defaultErrnoRet":0`), withDefault(specs.ActErrno, "")); err != nil || len(looser) > 0 {
		t.Errorf("another error number is looser: %v, %v", looser, err)
	}
}

func TestSettings(t *testing.T) {
	with := func(rest string) *seccomp.Profile { return profile(t, `{"defaultAction":"SCMP_ACT_NOTIFY"`+rest+"}") }
	const agent = `,"listenerPath":"/a"`
	for _, row := range []struct{ a, b, want string }{
		{agent, agent, "[]"},
		{agent, agent + `,"flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_TSYNC"]`, "[]"},
		{agent, agent + `,"flags":[]`, "[{flags SPEC_ALLOW none}]"},
		{agent, `,"listenerPath":"/b","listenerMetadata":"x"`, "[{listenerPath /a /b} {listenerMetadata  x}]"},
	} {
		if got := fmt.Sprint(Settings(with(row.a), with(row.b))); got != row.want {
			t.Errorf("%s, %s: got %s, want %s", row.a, row.b, got, row.want)
		}
	}
}
