package integration

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// hostHasAppArmor asks the kernel as libcontainer does.
func hostHasAppArmor() bool {
	enabled, _ := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	_, err := os.Stat("/sys/kernel/security/apparmor")
	return err == nil && strings.HasPrefix(string(enabled), "Y")
}

// A spec that needs something the host does not have is refused.
func TestHostThatLacksWhatTheSpecAsks(t *testing.T) {
	t.Parallel()
	exists := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}
	for _, row := range []struct {
		fact   string
		has    bool
		change func(*oci.Spec)
		says   []string
	}{
		{"an AppArmor profile", hostHasAppArmor(),
			func(s *oci.Spec) { s.Process.ApparmorProfile = "some-profile" }, []string{"process.apparmorProfile", "some-profile"}},
		{"an SELinux label", exists("/sys/fs/selinux/enforce"),
			func(s *oci.Spec) { s.Process.SelinuxLabel = "system_u:system_r:container_t:s0" }, []string{"process.selinuxLabel", ":container_t:"}},
		{"Intel RDT", exists("/sys/fs/resctrl/schemata"),
			func(s *oci.Spec) {
				s.Linux.IntelRdt = &specs.LinuxIntelRdt{ClosID: "some-class", L3CacheSchema: "L3:0=f"}
			}, []string{"linux.intelRdt"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			if row.has {
				t.Skip("this host has it")
			}
			mustRefuse(t, row.says, edit(row.change))
		})
	}
}

// An AppArmor profile and a seccomp profile are in force together, in init and in an
// exec. The AppArmor profile takes effect with the execve that is the only call under
// the seccomp profile.
func TestAppArmor(t *testing.T) {
	t.Parallel()
	if !hostHasAppArmor() {
		t.Skip("the kernel has no AppArmor, or it is off")
	}
	if _, err := exec.LookPath("apparmor_parser"); err != nil {
		t.Skip("there is no apparmor_parser to load a profile with: apt-get install apparmor")
	}
	name := "seccomp-shim-" + newID(t)
	load := func(how string) {
		cmd := exec.Command("apparmor_parser", how)
		cmd.Stdin = strings.NewReader("profile " + name + ` flags=(attach_disconnected,mediate_deleted) {
	file, capability, network, mount, signal, unix, ptrace,
	deny /etc/denied w,
}`)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("apparmor_parser %s: %v: %s", how, err, out)
		}
	}
	load("--replace")
	t.Cleanup(func() { load("--remove") })
	const script = "busybox mkdir -p /etc; cat /proc/self/attr/current; echo >/etc/allowed && echo one; echo >/etc/denied || echo not the other; busybox grep Seccomp: /proc/self/status"
	want := name + " (enforce)\none\nnot the other\nSeccomp:\t2\n"
	confined := edit(func(s *oci.Spec) { s.Process.ApparmorProfile = name })
	if got := execute(t, sh(script), confined, under(profile(t, actionRules))); got.stdout != want {
		t.Errorf("init: %+v, want %q", got, want)
	}
	c := hold(t, newID(t), nil, confined, under(profile(t, actionRules)))
	got := c.exec(t, sh(script), func(p *specs.Process) { p.ApparmorProfile = name })
	if got.stdout != want {
		t.Errorf("an exec: %+v, want %q", got, want)
	}
}
