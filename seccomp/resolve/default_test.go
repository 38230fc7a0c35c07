package resolve

import (
	"slices"
	"testing"

	containerd "github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/seccomptest"
)

// criCapabilities are the 14 capabilities that containerd's CRI plugin gives a container
// whose pod does not set any.
var criCapabilities = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
	"CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
}

var allCapabilities = append([]string{
	"CAP_DAC_READ_SEARCH", "CAP_LINUX_IMMUTABLE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_LEASE", "CAP_AUDIT_CONTROL", "CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
}, criCapabilities...)

func TestRuntimeDefaultIsContainerds(t *testing.T) {
	for _, row := range []struct {
		fact         string
		capabilities []string
	}{
		{"none", nil},
		{"the CRI plugin's", criCapabilities},
		{"CAP_SYS_ADMIN", []string{"CAP_SYS_ADMIN"}},
		{"CAP_SYS_PTRACE", []string{"CAP_SYS_PTRACE"}},
		{"CAP_BPF and CAP_PERFMON", []string{"CAP_BPF", "CAP_PERFMON"}},
		{"all", allCapabilities},
	} {
		t.Run(row.fact, func(t *testing.T) {
			want := containerd.DefaultProfile(&specs.Spec{Process: &specs.Process{
				Capabilities: &specs.LinuxCapabilities{Bounding: row.capabilities},
			}})
			for _, given := range []request{
				annotated(ours, "RuntimeDefault"),
				annotated(webNote, "runtime/default"),
				annotated(podNote, "docker/default"),
				unset("RuntimeDefault", request{}),
			} {
				if got := loadedDefault(t, given, row.capabilities); seccomptest.Encoded(t, got) != seccomptest.Encoded(t, want) {
					t.Errorf("%v: differs from containerd's profile for the same capabilities", given.Annotations)
				}
			}
		})
	}
}

// The rows are from moby's and containerd's documentation of the default profile, not from
// the linked package.
func TestRuntimeDefaultFacts(t *testing.T) {
	const denied, allowed, conditional, enosys = "denied", "allowed", "conditional", "ENOSYS"
	for _, row := range []struct {
		syscall      string
		capabilities []string
		want         string
	}{
		{"read", nil, allowed},
		{"execve", nil, allowed},
		{"ptrace", nil, allowed}, // since Linux 4.8
		{"socket", nil, conditional},
		{"personality", nil, conditional},
		{"clone", nil, conditional},
		{"clone", []string{"CAP_SYS_ADMIN"}, allowed},
		{"clone3", nil, enosys},
		{"clone3", criCapabilities, enosys},
		{"clone3", []string{"CAP_SYS_ADMIN"}, allowed},
		{"clone3", allCapabilities, allowed},
		{"mount", criCapabilities, denied},
		{"mount", []string{"CAP_SYS_ADMIN"}, allowed},
		{"unshare", criCapabilities, denied},
		{"unshare", []string{"CAP_SYS_ADMIN"}, allowed},
		{"chroot", nil, denied},
		{"chroot", criCapabilities, allowed},
		{"kcmp", nil, denied},
		{"kcmp", []string{"CAP_SYS_PTRACE"}, allowed},
		{"bpf", []string{"CAP_PERFMON"}, denied},
		{"bpf", []string{"CAP_BPF"}, allowed},
		{"perf_event_open", []string{"CAP_BPF"}, denied},
		{"perf_event_open", []string{"CAP_PERFMON"}, allowed},
		{"init_module", []string{"CAP_SYS_ADMIN"}, denied},
		{"init_module", []string{"CAP_SYS_MODULE"}, allowed},
		{"reboot", []string{"CAP_SYS_ADMIN"}, denied},
		{"reboot", []string{"CAP_SYS_BOOT"}, allowed},
		{"keyctl", criCapabilities, denied},
		{"keyctl", allCapabilities, denied},
		{"add_key", allCapabilities, denied},
		{"request_key", allCapabilities, denied},
		{"kexec_load", allCapabilities, denied},
		{"userfaultfd", allCapabilities, denied},
		{"io_uring_setup", allCapabilities, denied},
	} {
		fact := row.syscall + " is " + row.want
		t.Run(fact, func(t *testing.T) {
			p := loadedDefault(t, annotated(ours, "RuntimeDefault"), row.capabilities)
			if p.DefaultAction != specs.ActErrno || p.DefaultErrnoRet != nil {
				t.Fatalf("the default action is %s, want EPERM", p.DefaultAction)
			}
			got := denied
			for _, rule := range p.Syscalls {
				if !slices.Contains(rule.Names, row.syscall) {
					continue
				}
				switch {
				case rule.Action == specs.ActErrno && rule.ErrnoRet != nil && *rule.ErrnoRet == 38:
					got = enosys
				case rule.Action == specs.ActAllow && len(rule.Args) == 0:
					got = allowed
				case rule.Action == specs.ActAllow && got != allowed:
					got = conditional
				}
			}
			if got != row.want {
				t.Errorf("with %d capabilities: %s", len(row.capabilities), got)
			}
		})
	}
}

func loadedDefault(t *testing.T, given request, capabilities []string) *specs.LinuxSeccomp {
	t.Helper()
	given.Capabilities = capabilities
	choice, err := resolve(given)
	if err != nil {
		t.Fatal(err)
	}
	p, err := choice.Load()
	if err != nil {
		t.Fatal(err)
	}
	return p.Spec()
}
