package generate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"sigs.k8s.io/yaml"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/recording"
)

// recorded returns a complete recording of x86_64 with these calls.
func recorded(calls ...*recording.Call) *recording.Recording {
	at := time.Unix(1000, 0)
	total := uint64(0)
	for _, c := range calls {
		if c.ABI == "" {
			c.ABI = specs.ArchX86_64
		}
		if c.Count == 0 {
			c.Count = 1
		}
		total += c.Count
	}
	return &recording.Recording{
		Format: recording.Format, Namespace: "test", ID: "c1", Command: []string{"/bin/app"}, Under: "unconfined",
		Architecture: specs.ArchX86_64, Kernel: "6.1", Started: at, Updated: at, LastNew: &at,
		Ended: &recording.End{At: at.Add(9 * time.Second), By: recording.Exited}, Total: total, Calls: calls,
	}
}

func called(name string) *recording.Call { return &recording.Call{Syscall: name} }

// with adds the recorded values of a call's arguments.
func with(c *recording.Call, values ...[]recording.Value) *recording.Call {
	c.Arguments = recording.Decisive(specs.ArchX86_64, false, c.Syscall)
	for _, v := range values {
		c.Values = append(c.Values, &recording.Values{Args: v, Count: 1})
		c.Count++
	}
	return c
}

func from(t *testing.T, o Options, all ...*recording.Recording) *Profile {
	t.Helper()
	if o.Default == "" {
		o.Default = specs.ActErrno
	}
	var sources []Source
	for i, r := range all {
		sources = append(sources, Source{Name: string(rune('a'+i)) + ".json", Recording: r})
	}
	p, err := From(sources, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shown returns the entries as one text.
func shown(p *Profile) string {
	var all []string
	for _, e := range p.Entries {
		text := strings.Join(e.Names, ",")
		for _, a := range e.Args {
			text += " " + string(a.Op)[len("SCMP_CMP_"):] + "(" + strings.Trim(strings.Join(strings.Fields(strings.ReplaceAll(mustJSON(a), `"`, "")), ""), "{}") + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const added = "\nexit,exit_group,restart_syscall,rt_sigreturn\nexecve\nclock_getres,clock_gettime,getcpu,getrandom,gettimeofday,time"

func TestEntries(t *testing.T) {
	for _, row := range []struct {
		fact      string
		arguments []string
		calls     []*recording.Call
		want      string
		remark    string
	}{
		{"calls are sorted", nil, []*recording.Call{called("write"), called("read")}, "read,write" + added, ""},
		{"what was seen is not added again", nil, []*recording.Call{called("execve"), called("exit_group"), called("time")},
			"execve,exit_group,time\nexit,restart_syscall,rt_sigreturn\nclock_getres,clock_gettime,getcpu,getrandom,gettimeofday", ""},
		{"without --arguments no conditions", nil, []*recording.Call{with(called("socket"), []recording.Value{2, 1, 0})}, "socket" + added, ""},
		{"32 bits are compared without the upper ones", []string{"personality"}, []*recording.Call{with(called("personality"), []recording.Value{0xffffffff})},
			"personality MASKED_EQ(index:0,value:4294967295,valueTwo:4294967295,op:SCMP_CMP_MASKED_EQ)" + added, ""},
		{"64 bits are compared", []string{"unshare"}, []*recording.Call{with(called("unshare"), []recording.Value{1 << 28})},
			"unshare EQ(index:0,value:268435456,op:SCMP_CMP_EQ)" + added, ""},
		{"too many values", []string{"ioctl"}, []*recording.Call{{Syscall: "ioctl", Others: 3}}, "ioctl" + added, "ioctl is allowed with any arguments"},
		{"arguments in memory", []string{"clone"}, []*recording.Call{{Syscall: "clone3", Unseen: "flags"}}, "clone3" + added, "clone was not called"},
		{"a number without a name", nil, []*recording.Call{called("read"), {Number: recording.Beyond}}, "read" + added, "number 1023 or above"},
		{"32-bit calls", nil, []*recording.Call{called("read"), {Syscall: "read", ABI: specs.ArchX86}}, "read" + added + "\nsigreturn\nclock_getres_time64,clock_gettime64", ""},
		{"calls behind a multiplexer", []string{"socket"}, []*recording.Call{with(&recording.Call{Syscall: "socketcall", ABI: specs.ArchX86}, []recording.Value{1}, []recording.Value{3}, []recording.Value{99})},
			"connect,socket" + added + "\nsigreturn\nclock_getres_time64,clock_gettime64", "something that does not exist"},
	} {
		t.Run(row.fact, func(t *testing.T) {
			p := from(t, Options{Arguments: row.arguments}, recorded(row.calls...))
			if got := shown(p); got != row.want {
				t.Errorf("got\n%s\nwant\n%s", got, row.want)
			}
			if row.remark != "" && !strings.Contains(strings.Join(p.Remarks, "\n"), row.remark) || row.remark == "" && len(p.Remarks) > 0 {
				t.Errorf("remarks %q", p.Remarks)
			}
		})
	}
}

// What clients have executed in the container can be left out.
func TestInitOnly(t *testing.T) {
	exec := called("ptrace")
	exec.Process = denials.Exec
	init := called("read")
	init.Process = denials.Init
	if got, want := shown(from(t, Options{InitOnly: true}, recorded(init, exec))), "read"+added; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := shown(from(t, Options{}, recorded(init, exec))), "ptrace,read"+added; got != want {
		t.Errorf("with execs: got\n%s\nwant\n%s", got, want)
	}
}

// The order of recordings does not matter, and the package that reads profiles takes the
// profile.
func TestMergeAndFormats(t *testing.T) {
	a := recorded(called("read"), with(called("socket"), []recording.Value{2, 1, 0}))
	b := recorded(called("write"), with(called("socket"), []recording.Value{2, 1, 0}, []recording.Value{10, 2, 0}), &recording.Call{Syscall: "read", ABI: specs.ArchX86})
	b.ID = "c\n2"
	options := Options{Arguments: []string{"socket"}}
	p := from(t, options, a, b)
	other := from(t, options, b, a)
	oci, err := p.OCI()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := other.OCI(); !bytes.Equal(oci, again) {
		t.Errorf("the order changes the profile:\n%s\n%s", oci, again)
	}
	read, err := seccomp.Parse(oci)
	if err != nil {
		t.Fatalf("%v in\n%s", err, oci)
	}
	if got := read.Spec().Architectures; len(got) != 2 || got[0] != specs.ArchX86_64 || got[1] != specs.ArchX86 {
		t.Errorf("architectures %v", got)
	}
	if !strings.Contains(string(oci), `"comment": "recorded ×2"`) || !strings.Contains(string(oci), `c\\n2`) {
		t.Errorf("no counts, or the name is not shown:\n%s", oci)
	}

	docker, err := p.Docker()
	if err != nil || !json.Valid(docker) || !strings.Contains(string(docker), `"subArchitectures": [`) {
		t.Errorf("%v in\n%s", err, docker)
	}

	spo, err := p.SPO("app")
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		APIVersion, Kind string
		Metadata         struct{ Name string }
		Spec             specs.LinuxSeccomp
	}
	if err := yaml.UnmarshalStrict(spo, &object); err != nil {
		t.Fatalf("%v in\n%s", err, spo)
	}
	if mustJSON(object.Spec) != mustJSON(read.Spec()) || object.Kind != "SeccompProfile" || object.Metadata.Name != "app" {
		t.Errorf("the object differs:\n%s\n%s", mustJSON(object.Spec), mustJSON(read.Spec()))
	}
}

// What a recording lacks is said.
func TestRemarks(t *testing.T) {
	r := recorded(called("io_uring_setup"))
	r.Ended, r.IOUring, r.Lost.Tasks = nil, true, 2
	r.Refused = []*denials.Denial{
		{Count: 3, Call: denials.Call{Text: "unshare(0x0)", Syscall: "unshare", Answer: "ERRNO(1 operation not permitted)"}},
		{Count: 1, Call: denials.Call{Text: "clone3", Syscall: "clone3", Answer: "ERRNO(38 function not implemented)"}},
	}
	p := from(t, Options{}, r)
	if last := p.Entries[len(p.Entries)-1]; last.Errno == nil || *last.Errno != 38 || last.Names[0] != "clone3" || len(last.Names) != 1 {
		t.Errorf("the call that seemed to be missing is not so again: %+v", last)
	}
	if text, err := p.SPO("app"); err != nil || !strings.Contains(string(text), "- action: SCMP_ACT_ERRNO\n    errnoRet: 38\n") {
		t.Errorf("%v in\n%s", err, text)
	}
	got := strings.Join(p.Remarks, "\n")
	if strings.Contains(got, "clone3") {
		t.Errorf("remarks on clone3: %s", got)
	}
	for _, want := range []string{"a.json: it has no end", "2 threads", "io_uring", "unshare(0x0) was refused ×3"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q: %s", want, got)
		}
	}
}

func TestDenialsAreAdded(t *testing.T) {
	report := &denials.Report{ID: "c1", Denials: []*denials.Denial{
		{Count: 2, Process: denials.Process{Kind: denials.Exec, Executable: "/bin/sh"}, Call: denials.Call{Text: "unshare(0x0)", Syscall: "unshare", Answer: "ERRNO(1)", Rule: "defaultAction"}},
		{Count: 1, Call: denials.Call{Text: "clone3", Syscall: "clone3", Probe: true}},
		{Count: 1, Call: denials.Call{Text: "syscall 999", Syscall: "syscall 999"}},
	}}
	p := from(t, Options{Denials: []*denials.Report{report}}, recorded(called("read")))
	if got, want := shown(p), "read\nunshare"+added; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := p.Entries[1].Comment; got != "denied: unshare(0x0) ×2, asked for by /bin/sh (exec of c1), ERRNO(1) by defaultAction" {
		t.Errorf("the comment is %q", got)
	}
}

func TestRefused(t *testing.T) {
	arm := recorded(called("read"))
	arm.Architecture = specs.ArchAARCH64
	for want, o := range map[string]struct {
		sources []Source
		options Options
	}{
		"a.json is of SCMP_ARCH_X86_64, and b.json of SCMP_ARCH_AARCH64": {[]Source{{"a.json", recorded(called("read"))}, {"b.json", arm}}, Options{}},
		`arguments of "read" are not recorded`:                           {[]Source{{"a.json", recorded(called("read"))}}, Options{Arguments: []string{"read"}}},
		"no recording":                                                   {nil, Options{}},
	} {
		if _, err := From(o.sources, o.options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	for _, action := range []specs.LinuxSeccompAction{specs.ActAllow, specs.ActNotify, "ERRNO", ""} {
		if err := CheckDefault(action); err == nil {
			t.Errorf("%q is a default", action)
		}
	}
	// An SPO object holds int64.
	r := recorded(with(called("unshare"), []recording.Value{1 << 63}))
	if _, err := from(t, Options{Arguments: []string{"unshare"}}, r).SPO("app"); err == nil {
		t.Error("a value above int64 is written")
	}
}
