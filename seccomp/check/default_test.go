package check_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/meaning"
)

func TestMain(m *testing.M) {
	compile.Helper()
	os.Exit(m.Run())
}

// defaultProfile returns the program and the meaning of containerd's default profile for
// x86.
func defaultProfile(t testing.TB) (bpf.Program, *meaning.Meaning) {
	t.Helper()
	p, err := seccomp.New(containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}}))
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compile.Compile(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := compile.Meaning(p)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Program, m
}

func TestDefaultProfile(t *testing.T) {
	p, m := defaultProfile(t)
	if found := compare(t, p, m); len(found) > 0 {
		t.Error(found)
	}
}

// Compare finds an error at any place of the program of the default profile.
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
	// Some constants may change: data of ALLOW, and those in the parts of libseccomp's
	// program that no call reaches, because the prologue decides.
	if unfound > programs/2 {
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
