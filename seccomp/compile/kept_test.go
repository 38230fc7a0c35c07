package compile

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/cache"
	"seccomp-shim/seccomp/denials"
)

// Every field that is compiled is in the key; the others are listed here.
func TestKeyCoversEveryField(t *testing.T) {
	notCompiled := []string{"Flags", "ListenerPath", "ListenerMetadata"}
	errno := uint(3)
	full := func() *specs.LinuxSeccomp {
		e := errno
		return &specs.LinuxSeccomp{
			DefaultAction: specs.ActErrno, DefaultErrnoRet: &e, Architectures: []specs.Arch{specs.ArchX86_64},
			Flags: []specs.LinuxSeccompFlag{"a"}, ListenerPath: "/a", ListenerMetadata: "a",
			Syscalls: []specs.LinuxSyscall{{Names: []string{"read"}, Action: specs.ActErrno, ErrnoRet: &e,
				Args: []specs.LinuxSeccompArg{{Index: 1, Value: 1, ValueTwo: 1, Op: specs.OpEqualTo}}}},
		}
	}
	seen := map[cache.Key]string{key(full(), denials.Off, Floor{}, facts{}): "nothing"}
	for _, mode := range denials.Modes() {
		k := key(full(), mode, Floor{}, facts{})
		if other, ok := seen[k]; ok {
			t.Errorf("mode %s has the key of %s", mode, other)
		}
		seen[k] = string(mode)
	}
	for name, floor := range map[string]Floor{
		"floor":          {Profile: parse(t, `{"defaultAction":"SCMP_ACT_ALLOW"}`)},
		"another floor":  {Profile: parse(t, `{"defaultAction":"SCMP_ACT_LOG"}`)},
		"floor on trial": {Profile: parse(t, `{"defaultAction":"SCMP_ACT_LOG"}`), Trial: true},
	} {
		k := key(full(), denials.Off, floor, facts{})
		if other, ok := seen[k]; ok {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[k] = name
	}
	check := func(field string, spec *specs.LinuxSeccomp, f facts) {
		k := key(spec, denials.Off, Floor{}, f)
		if slices.Contains(notCompiled, strings.TrimSuffix(field, " zero")) {
			if seen[k] != "nothing" {
				t.Errorf("a change of %s changes the key", field)
			}
			return
		}
		if other, ok := seen[k]; ok {
			t.Errorf("a change of %s has the key of a change of %s", field, other)
		}
		seen[k] = field
	}
	for _, part := range []func(*specs.LinuxSeccomp) any{
		func(s *specs.LinuxSeccomp) any { return s },
		func(s *specs.LinuxSeccomp) any { return &s.Syscalls[0] },
		func(s *specs.LinuxSeccomp) any { return &s.Syscalls[0].Args[0] },
	} {
		for i := range reflect.TypeOf(part(full())).Elem().NumField() {
			spec := full()
			v := reflect.ValueOf(part(spec)).Elem()
			mutate(t, v.Field(i))
			check(v.Type().Field(i).Name, spec, facts{})
			spec = full() // absent, or zero
			v = reflect.ValueOf(part(spec)).Elem()
			v.Field(i).SetZero()
			check(v.Type().Field(i).Name+" zero", spec, facts{})
		}
	}
	for i := range reflect.TypeFor[facts]().NumField() {
		var f facts
		mutate(t, reflect.ValueOf(&f).Elem().Field(i))
		check(reflect.TypeFor[facts]().Field(i).Name, full(), f)
	}
}

// mutate changes a value; of a list, one element, and it grows.
func mutate(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Uint, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(v.Elem())
		mutate(t, p.Elem())
		v.Set(p)
	case reflect.Slice:
		v.Set(reflect.Append(v, v.Index(0)))
	default:
		t.Fatalf("cannot change a %v", v.Type())
	}
}

func TestFactsAreFound(t *testing.T) {
	f := reflect.ValueOf(hostFacts())
	for i := range f.NumField() {
		if len(f.Field(i).String()) < 3 {
			t.Errorf("%s is %q", f.Type().Field(i).Name, f.Field(i))
		}
	}
}

// The second time, and in the next process, the profile is not compiled; the
// result is the same.
func TestCached(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	limit := cache.Limit{Entries: 10, Bytes: 1 << 20}
	p, err := seccomp.New(defaultProfile(nil))
	if err != nil {
		t.Fatal(err)
	}
	var results []*Result
	for range 2 {
		disk, err := cache.OpenDisk(dir, limit, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		c := New(disk)
		for range 2 {
			r, err := c.Compile(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			results = append(results, r)
		}
	}
	for _, r := range results[1:] {
		if !reflect.DeepEqual(r, results[0]) {
			t.Errorf("got %+v, first %+v", r, results[0])
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// A stored value whose checksum is right, but which does not decode, is made again.
func TestCachedForeignValue(t *testing.T) {
	disk := openDisk(t, filepath.Join(t.TempDir(), "cache"), func(error) {})
	p := parse(t, `{"defaultAction":"SCMP_ACT_ALLOW"}`)
	for _, foreign := range []string{"", "{}", `{"Program":"AAAA"}`, "no JSON"} {
		if err := disk.Put(key(p.Spec(), denials.Off, Floor{}, hostFacts()), []byte(foreign)); err != nil {
			t.Fatal(err)
		}
		r, err := New(disk).Compile(t.Context(), p)
		if err != nil || r.Program.Len() == 0 {
			t.Errorf("after %q: %v, %v", foreign, r, err)
		}
	}
}

func openDisk(t testing.TB, dir string, report func(error)) *cache.Disk {
	t.Helper()
	disk, err := cache.OpenDisk(dir, cache.Limit{Entries: 10, Bytes: 1 << 20}, report)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	return disk
}

func BenchmarkCached(b *testing.B) {
	limit := cache.Limit{Entries: 10, Bytes: 1 << 20}
	disk, err := cache.OpenDisk(filepath.Join(b.TempDir(), "cache"), limit, nil)
	if err != nil {
		b.Fatal(err)
	}
	p, err := seccomp.New(defaultProfile(nil))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := New(disk).Compile(b.Context(), p); err != nil {
			b.Fatal(err)
		}
	}
}

// A profile under which no program can start is refused, with a cache and without, each
// time. Translate translates it.
func TestCompileChecksExecve(t *testing.T) {
	p := parse(t, `{"defaultAction":"SCMP_ACT_ERRNO"}`)
	for _, c := range []*Compiler{New(nil), New(openDisk(t, filepath.Join(t.TempDir(), "cache"), nil))} {
		for range 2 {
			_, err := c.Compile(t.Context(), p)
			if invalid := (*seccomp.InvalidError)(nil); !errors.As(err, &invalid) || invalid.Value != "execve" {
				t.Errorf("got %v", err)
			}
		}
	}
	if r, err := Translate(t.Context(), p); err != nil || r.Program.Len() == 0 {
		t.Errorf("Translate: %v, %v", r, err)
	}
}

// A refusal is kept, for the next process too: it costs as much as a result. It is the
// same error.
func TestCachedRefusal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	p := parse(t, strings.Replace(tooMany(), `"syscalls":[`, `"syscalls":[{"names":["execve"],"action":"SCMP_ACT_ALLOW"},`, 1))
	var first string
	for process := range 2 {
		c := New(openDisk(t, dir, func(err error) { t.Error(err) }))
		for range 2 {
			_, err := c.Compile(t.Context(), p)
			invalid := (*seccomp.InvalidError)(nil)
			if !errors.As(err, &invalid) || invalid.Field != "syscalls" || first != "" && err.Error() != first {
				t.Fatalf("got %v, first %v", err, first)
			}
			first = err.Error()
			if _, known, err := c.recall(key(p.Spec(), denials.Off, Floor{}, hostFacts())); !known || err == nil {
				t.Errorf("process %d: kept is %v, %v", process, known, err)
			}
		}
	}
}

// An error that is not the profile's fault is not kept: a machine without time, or
// without threads for a process.
func TestCachedForgetsOtherErrors(t *testing.T) {
	p := parse(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["fchdir"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}`)
	c := New(openDisk(t, filepath.Join(t.TempDir(), "cache"), nil))
	const childEnv = "SECCOMP_SHIM_COMPILE"
	t.Setenv(childEnv, "0") // as in a process that is the helper: none can be started
	_, err := c.Compile(t.Context(), p)
	if invalid := (*seccomp.InvalidError)(nil); err == nil || errors.As(err, &invalid) {
		t.Fatalf("got %v", err)
	}
	if err := os.Unsetenv(childEnv); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Compile(t.Context(), p); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

// A panic is an error: a shim that dies of it would leave its containers alone.
func TestPanicIsAnError(t *testing.T) {
	if _, err := build(t.Context(), nil, nil, denials.Off, Floor{}); err == nil || !strings.Contains(err.Error(), "panic: ") {
		t.Errorf("got %v", err)
	}
}
