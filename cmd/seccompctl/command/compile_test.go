package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/resolve"
)

// The bytes are those of compile.Compile, in every process and for every way to name the
// profile.
func TestCompileBytes(t *testing.T) {
	needAMD64(t)
	standard, err := resolve.Choose(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: ctrCapabilities}}},
		resolve.Options{UnsetProfile: runtimeDefault})
	if err != nil {
		t.Fatal(err)
	}
	profile, err := standard.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		want *seccomp.Profile
		args string
	}{
		{profile, "RuntimeDefault"},
		{profile, "RuntimeDefault --cap-drop ALL --cap-add " + strings.Join(ctrCapabilities, ",")},
		{profileIn(t, "testdata/arguments.json"), "testdata/arguments.json"},
		{profileIn(t, "testdata/arguments.json"), "--spec testdata/config.json --profile-root testdata"},
	} {
		t.Run(row.args, func(t *testing.T) {
			want := compiled(t, row.want).Bytes()
			args := append([]string{"compile", "-o", "bpf"}, strings.Fields(row.args)...)
			for range 2 {
				if got := process(t, args...); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, not the %d of compile.Compile", len(got), len(want))
				}
			}
		})
	}
}

// With a whole spec, seccompctl chooses the profile as the shim does. The integration tests
// compare it with the shim.
func TestCompileSpec(t *testing.T) {
	const inline = `{"defaultAction":"SCMP_ACT_ALLOW"}`
	program := func(spec string, flags ...string) string {
		t.Helper()
		got := ctl(spec, append([]string{"compile", "-o", "bpf", "--spec", "-"}, flags...)...)
		if got.code != 0 {
			t.Fatalf("%s: exit code %d: %s", spec, got.code, got.stderr)
		}
		return got.stdout
	}
	with := func(bounding string) string {
		return `{"process":{"capabilities":{"bounding":[` + bounding + `]}}}`
	}
	standard := func(flags ...string) string {
		return mustCtl(t, append([]string{"compile", "-o", "bpf", "RuntimeDefault", "--cap-drop", "ALL"}, flags...)...)
	}
	for _, row := range []struct{ fact, got, want string }{
		{"linux.seccomp, before an annotation", program(`{"linux":{"seccomp":` + inline + `},"annotations":{"io.containerd.seccomp.v1/profile":"RuntimeDefault"}}`),
			ctl(inline, "compile", "-o", "bpf", "-").stdout},
		{"unset profile", program(with(""), "--unset-profile", "RuntimeDefault"), standard()},
		{"capabilities", program(with(`"CAP_SYS_ADMIN"`), "--unset-profile", "RuntimeDefault"), standard("--cap-add", "CAP_SYS_ADMIN")},
	} {
		if row.got != row.want || row.got == "" {
			t.Errorf("%s: %d bytes, want %d", row.fact, len(row.got), len(row.want))
		}
	}
}

// RuntimeDefault depends on capabilities.
func TestCapabilitiesCount(t *testing.T) {
	seen := map[string]string{}
	for _, flags := range []string{"", "--cap-add CAP_SYS_ADMIN", "--cap-add ALL", "--cap-drop CAP_SYS_CHROOT"} {
		out := mustCtl(t, append([]string{"compile", "-o", "bpf", "RuntimeDefault"}, strings.Fields(flags)...)...)
		if other, ok := seen[out]; ok {
			t.Errorf("%q makes the same program as %q", flags, other)
		}
		seen[out] = flags
	}
}

func TestCtrCapabilities(t *testing.T) {
	ctx := namespaces.WithNamespace(t.Context(), "test")
	spec, err := oci.GenerateSpec(ctx, nil, &containers.Container{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if want := spec.Process.Capabilities.Bounding; !slices.Equal(ctrCapabilities, want) {
		t.Errorf("got %v, containerd has %v", ctrCapabilities, want)
	}
}

func TestCompileAssembly(t *testing.T) {
	needAMD64(t)
	got := ctl("", "compile", "testdata/arguments.json")
	var want strings.Builder
	if err := compiled(t, profileIn(t, "testdata/arguments.json")).Disassemble(&want, compile.SyscallName); err != nil {
		t.Fatal(err)
	}
	if got.code != 0 || got.stdout != want.String() || !strings.HasPrefix(got.stderr, "note: ") {
		t.Errorf("got %+v, want stdout %s", got, &want)
	}
}

// Standard error has what the assembly does not show.
const remarkable = `{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86"],"syscalls":[
	{"names":["execve","not_yet_a_syscall"],"action":"SCMP_ACT_ALLOW"},
	{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":4294967301,"op":"SCMP_CMP_EQ"}]}]}`

func TestCompileRemarks(t *testing.T) {
	needAMD64(t)
	got := ctl(remarkable, "compile", "-")
	for _, want := range []string{"note: libseccomp " + compile.LibraryVersion() + " does not know", "not_yet_a_syscall\n", "SCMP_ARCH_X86 personality\n"} {
		if got.code != 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("exit code %d, stderr %q, want %q", got.code, got.stderr, want)
		}
	}
}

func TestCompileJSON(t *testing.T) {
	needAMD64(t)
	got := ctl(remarkable, "compile", "-o", "json", "-")
	var doc struct {
		Profile, Libseccomp string
		Flags               []string
		Skipped, Own        []string
		ABIs                []struct{ Name string }
		Instructions        int
		Program             []byte
	}
	dec := json.NewDecoder(strings.NewReader(got.stdout))
	if err := dec.Decode(&doc); err != nil || got.stderr != "" {
		t.Fatalf("%v, stderr %q", err, got.stderr)
	}
	p, err := bpf.Decode(doc.Program)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := seccomp.Parse([]byte(remarkable))
	if err != nil {
		t.Fatal(err)
	}
	if !p.Equal(compiled(t, profile)) || doc.Instructions != p.Len() {
		t.Error("another program")
	}
	if doc.Profile != "-" || doc.Libseccomp != compile.LibraryVersion() || !slices.Equal(doc.Skipped, []string{"not_yet_a_syscall"}) ||
		!slices.Equal(doc.Own, []string{"SCMP_ARCH_X86 personality"}) || len(doc.ABIs) != 2 || doc.ABIs[1].Name != "SCMP_ARCH_X86" {
		t.Errorf("got %+v", doc)
	}
}

// A profile may come through a pipe, as from a shell's <(...).
func TestCompileFromAPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		defer w.Close()
		_, _ = w.WriteString(`{"defaultAction":"SCMP_ACT_ALLOW"}`)
	}()
	mustCtl(t, "compile", fmt.Sprintf("/proc/self/fd/%d", r.Fd()))
}
