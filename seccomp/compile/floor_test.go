package compile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/seccomptest"
)

// alone returns the program of a profile without a floor.
func alone(t *testing.T, p *seccomp.Profile) (bpf.Program, bool) {
	t.Helper()
	r, err := compileSoon(t, p)
	if err != nil {
		if !documented(err) {
			t.Fatal(err)
		}
		return bpf.Program{}, false
	}
	return r.Program, true
}

// ofTwoFilters is the kernel's answer for two filters, if the profile's was loaded last
// (seccomp_run_filters, kernel/seccomp.c).
func ofTwoFilters(profile, floor bpf.Action) bpf.Action {
	profile, floor = profile.Enforced(), floor.Enforced()
	if int32(floor.Kind()) < int32(profile.Kind()) {
		return floor
	}
	return profile
}

// For random profiles and floors, one program of both answers as the kernel does for the
// filters of both.
func TestFloorIsASecondFilter(t *testing.T) {
	const pairs = 80
	compiled, byFloor := 0, 0
	for seed := range uint64(pairs) {
		c, d := seccomptest.Choices(randomBytes(2000+seed)), seccomptest.Choices(randomBytes(3000+seed))
		profile := mustNew(t, chosenSpec(&c, someNames))
		floor := mustNew(t, floorSpec(chosenSpec(&d, someNames)))
		p, ok := alone(t, profile)
		f, okFloor := alone(t, floor)
		if !ok || !okFloor {
			continue
		}
		m, err := Meaning(profile)
		if err != nil {
			t.Fatal(err)
		}
		both, err := buildOver(t.Context(), profile, m, denials.Off, Floor{Profile: floor})
		if err != nil {
			if ofFloor(err) || documented(err) { // a floor under which nothing starts
				continue
			}
			t.Fatal(err)
		}
		compiled++
		mf, err := Meaning(floor)
		if err != nil {
			t.Fatal(err)
		}
		for _, calls := range []*caller{newCaller(m, both.Program, seed), newCaller(mf, both.Program, seed)} {
			for range 1500 {
				call := calls.call()
				mine, its := p.Run(call), f.Run(call)
				want := ofTwoFilters(mine, its)
				if want != mine.Enforced() {
					byFloor++
				}
				if got := both.Program.Run(call).Enforced(); got != want {
					t.Fatalf("with the random bytes of %d: %+v: got %v, profile %v, floor %v", seed, call, got, mine, its)
				}
			}
		}
	}
	if t.Logf("%d pairs, %d calls decided by the floor", compiled, byFloor); compiled < pairs/8 || byFloor < 1000 {
		t.Errorf("only %d pairs, and %d calls that the floor decides", compiled, byFloor)
	}
}

// floorSpec makes a profile one that can be a floor.
func floorSpec(spec *specs.LinuxSeccomp) *specs.LinuxSeccomp {
	spec.Flags, spec.ListenerPath = nil, ""
	if spec.DefaultAction == specs.ActNotify {
		spec.DefaultAction, spec.DefaultErrnoRet = specs.ActAllow, nil
	}
	for i := range spec.Syscalls {
		if spec.Syscalls[i].Action == specs.ActNotify {
			spec.Syscalls[i].Action = specs.ActLog
		}
	}
	if len(spec.Architectures) == 0 {
		spec.Architectures = []specs.Arch{specs.ArchX86_64} // none would be all
	}
	return spec
}

func mustNew(t *testing.T, spec *specs.LinuxSeccomp) *seccomp.Profile {
	t.Helper()
	p, err := seccomp.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const algFloor = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
	{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_EQ","value":38}]},
	{"names":["keyctl","io_uring_setup"],"action":"SCMP_ACT_KILL_PROCESS"}]}`

// Under a floor the default profile stays as it is but for what the floor refuses, and costs
// few instructions more. A container without a profile has the floor's answers, on each ABI.
func TestFloorOfDefaultAndOpen(t *testing.T) {
	needAMD64(t)
	floor := Floor{Profile: parse(t, algFloor)}
	open, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	byDefault := mustNew(t, defaultProfile(nil))
	before, err := New(nil).Compile(t.Context(), byDefault)
	if err != nil {
		t.Fatal(err)
	}
	result, err := New(nil).CompileOver(t.Context(), byDefault, denials.Off, floor)
	if err != nil {
		t.Fatal(err)
	}
	if more := result.Program.Len() - before.Program.Len(); more < 0 || more > 100 {
		t.Errorf("%d instructions more than the %d of the default profile", more, before.Program.Len())
	}
	unconfined, err := New(nil).CompileOver(t.Context(), open, denials.Off, floor)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Meaning(byDefault)
	if err != nil {
		t.Fatal(err)
	}
	native, i386 := m.ABIs[0].ABI, m.ABIs[1].ABI
	for i := range m.ABIs {
		if m.ABIs[i].Name == specs.ArchX86 {
			i386 = m.ABIs[i].ABI
		}
	}
	for _, row := range []struct {
		call            bpf.Data
		inDefault, open bpf.Action
	}{
		{call(t, native, "socket", 38), bpf.Errno | 1, bpf.Errno | 97},  // containerd refuses it too
		{call(t, native, "socket", 1<<32|38), bpf.Errno | 1, bpf.Allow}, // the floor lacks a mask
		{call(t, native, "socket", 2), bpf.Allow, bpf.Allow},
		{call(t, i386, "socket", 38), bpf.Errno | 1, bpf.Errno | 97},
		{call(t, i386, "socketcall", 1, 0xffff0000), bpf.Errno | 97, bpf.Errno | 97}, // its family is hidden
		{call(t, native, "keyctl"), bpf.KillProcess, bpf.KillProcess},
		{call(t, native, "mount"), bpf.Errno | 1, bpf.Allow},
		{call(t, native, "read"), bpf.Allow, bpf.Allow},
		{bpf.Data{Arch: bpf.ArchX86_64, Nr: bpf.X32Bit | native.Numbers["keyctl"]}, bpf.KillProcess, bpf.KillProcess},
		{bpf.Data{Arch: bpf.ArchAARCH64, Nr: 1}, bpf.KillThread, bpf.KillThread},
		{bpf.Data{Arch: bpf.ArchX86_64, Nr: 5000}, bpf.Errno | 38, bpf.Allow},
	} {
		if got := result.Program.Run(row.call).Enforced(); got != row.inDefault {
			t.Errorf("RuntimeDefault: %+v: got %v, want %v", row.call, got, row.inDefault)
		}
		if got := unconfined.Program.Run(row.call).Enforced(); got != row.open {
			t.Errorf("Unconfined: %+v: got %v, want %v", row.call, got, row.open)
		}
	}
}

// On trial, what the floor alone refuses is notified. What the profile refuses is as without
// the floor.
func TestFloorOnTrial(t *testing.T) {
	needAMD64(t)
	profile := parse(t, `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[
		{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":97,"args":[{"index":0,"op":"SCMP_CMP_EQ","value":38}]},
		{"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS"},{"names":["rmdir"],"action":"SCMP_ACT_ERRNO"}]}`)
	floor := Floor{Profile: parse(t, strings.Replace(algFloor, `["keyctl"`, `["keyctl","execve","mkdir"`, 1)), Trial: true}
	m, err := Meaning(profile)
	if err != nil {
		t.Fatal(err)
	}
	native := m.ABIs[0].ABI
	for mode, refused := range map[denials.Mode]bpf.Action{denials.Off: bpf.Errno | 97, denials.Enforcing: bpf.UserNotif} {
		r, err := New(nil).CompileOver(t.Context(), profile, mode, floor)
		if err != nil {
			t.Fatal(err)
		}
		if r.Flags&unix.SECCOMP_FILTER_FLAG_NEW_LISTENER == 0 {
			t.Error("the filter has no listener")
		}
		for _, row := range []struct {
			call bpf.Data
			want bpf.Action
		}{
			{call(t, native, "socket", 38), refused},
			{call(t, native, "mkdir"), bpf.KillProcess},
			{call(t, native, "keyctl"), bpf.UserNotif},
			{call(t, native, "execve"), bpf.UserNotif},
			{call(t, native, "read"), bpf.Allow},
			{bpf.Data{Arch: bpf.ArchAARCH64, Nr: 1}, bpf.KillThread},
		} {
			if got := r.Program.Run(row.call).Enforced(); got != row.want {
				t.Errorf("%q: %+v: got %v, want %v", mode, row.call, got, row.want)
			}
		}
	}
}

// A floor that cannot hold for all containers is refused, with its field and value.
func TestFloorRefused(t *testing.T) {
	profile := parse(t, `{"defaultAction":"SCMP_ACT_ALLOW"}`)
	for text, want := range map[string]string{
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["execve"],"action":"SCMP_ACT_ERRNO"}]}`: `syscalls: execve: the profile answers ERRNO(1 operation not permitted)`,
		`{"defaultAction":"SCMP_ACT_ERRNO"}`: `syscalls: execve`,
		`{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/a","syscalls":[{"names":["read"],"action":"SCMP_ACT_NOTIFY"}]}`: `syscalls: SCMP_ACT_NOTIFY: a floor has no agent`,
		`{"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_LOG"]}`:                                                `flags: SECCOMP_FILTER_FLAG_LOG: a floor has no flags`,
		`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["no_such_call"],"action":"SCMP_ACT_ERRNO"}]}`:                  `syscalls[0].names[0]: "no_such_call"`,
	} {
		_, err := New(nil).CompileOver(t.Context(), profile, denials.Off, Floor{Profile: parse(t, text)})
		ofFloor := (*FloorError)(nil)
		if !errors.As(err, &ofFloor) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Two profiles that only together are too large for the kernel are both blamed, with their
// sizes.
func TestFloorTooLargeTogether(t *testing.T) {
	large := func(arg int) *seccomp.Profile {
		var rules []string
		for i := range 300 {
			rules = append(rules, fmt.Sprintf(`{"names":["personality"],"action":"SCMP_ACT_ERRNO","args":[{"index":%d,"op":"SCMP_CMP_EQ","value":%d}]}`, arg, 3*i+7))
		}
		return parse(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[`+strings.Join(rules, ",")+`]}`)
	}
	small := parse(t, `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"syscalls":[{"names":["personality"],"action":"SCMP_ACT_LOG","args":[{"index":1,"op":"SCMP_CMP_EQ","value":7}]}]}`)
	if _, err := New(nil).CompileOver(t.Context(), small, denials.Off, Floor{Profile: parse(t, algFloor)}); err != nil {
		t.Error(err)
	}
	_, err := New(nil).CompileOver(t.Context(), large(0), denials.Off, Floor{Profile: large(1)})
	together := (*TogetherError)(nil)
	if !errors.As(err, &together) || together.Profile < 300 || together.Floor < 600 {
		t.Errorf("got %v", err)
	}
}
