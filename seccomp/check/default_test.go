package check_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/meaning"
)

// fullTable reads all numbers of an ABI from libseccomp.
func fullTable(of *meaning.ABI, scmp libseccomp.ScmpArch, first int32) *meaning.ABI {
	a := &meaning.ABI{Name: of.Name, Arch: of.Arch, Numbers: map[string]uint32{}}
	for nr := first; nr < first+1000; nr++ {
		if name, err := libseccomp.ScmpSyscall(nr).GetNameByArch(scmp); err == nil {
			a.Numbers[name] = uint32(nr)
		}
	}
	return a
}

// defaultProfile is containerd's default profile for x86, compiled and as what
// it means.
func defaultProfile(t testing.TB) (bpf.Program, *meaning.Meaning) {
	t.Helper()
	native, err := libseccomp.GetNativeArch()
	if err != nil {
		t.Fatal(err)
	}
	if native != libseccomp.ArchAMD64 {
		t.Skip("the profile is compiled for", native)
	}
	p, err := seccomp.New(containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}}))
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compile.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Program, meaning.New(p, []*meaning.ABI{
		fullTable(x8664, libseccomp.ArchAMD64, 0), fullTable(x86, libseccomp.ArchX86, 0), fullTable(x32, libseccomp.ArchX32, bpf.X32Bit),
	})
}

// libseccomp compares only the lower halves of x32's arguments. There is no
// other difference.
func TestDefaultProfile(t *testing.T) {
	p, m := defaultProfile(t)
	for _, d := range compare(t, p, m) {
		wide := slices.ContainsFunc(d.Call.Args[:], func(arg uint64) bool { return arg > 0xffff_ffff })
		if d.Call.Arch != bpf.ArchX86_64 || d.Call.Nr < bpf.X32Bit || !wide {
			t.Error(d)
		}
	}
}

// An error anywhere in the program of the default profile is found.
func TestDefaultProfileWithAnError(t *testing.T) {
	p, m := defaultProfile(t)
	before := compare(t, p, m)
	r := rand.New(rand.NewPCG(4, 4))
	const programs = 60
	unfound := 0
	for range programs {
		code := p.Instructions()
		in := &code[r.IntN(len(code))]
		for in.Code != bpf.JeqK && in.Code != bpf.JgtK && in.Code != bpf.JgeK && in.Code != bpf.RetK {
			in = &code[r.IntN(len(code))]
		}
		in.K++
		changed, err := bpf.New(code)
		if err != nil {
			t.Fatal(err)
		}
		found := compare(t, changed, m)
		checkReal(t, changed, m, found)
		checkComplete(t, changed, m, found, r.Uint64())
		if slices.Equal(found, before) {
			unfound++
		}
	}
	if unfound > programs/10 { // some constants may be others: what a search tree splits by, or data of ALLOW
		t.Errorf("%d of %d programs with one changed constant are not found to be changed", unfound, programs)
	}
}

func BenchmarkDefaultProfile(b *testing.B) {
	p, m := defaultProfile(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := check.Compare(b.Context(), p, m); err != nil {
			b.Fatal(err)
		}
	}
}
