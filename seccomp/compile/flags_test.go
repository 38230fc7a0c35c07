package compile

import (
	"errors"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp"
)

// The flags that a profile is loaded with are those that it names, and what it needs.
func TestLoadFlags(t *testing.T) {
	notify := []specs.LinuxSyscall{{Names: []string{"getpgid"}, Action: specs.ActNotify}}
	for _, row := range []struct {
		fact string
		spec specs.LinuxSeccomp
		want uint32
	}{
		{"it says nothing", specs.LinuxSeccomp{}, unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"an empty list", specs.LinuxSeccomp{Flags: []specs.LinuxSeccompFlag{}}, 0},
		{"LOG", specs.LinuxSeccomp{Flags: []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog}}, unix.SECCOMP_FILTER_FLAG_LOG},
		{"TSYNC, which has no effect here", specs.LinuxSeccomp{Flags: []specs.LinuxSeccompFlag{"SECCOMP_FILTER_FLAG_TSYNC"}}, 0},
		{"two", specs.LinuxSeccomp{Flags: []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog, specs.LinuxSeccompFlagSpecAllow}},
			unix.SECCOMP_FILTER_FLAG_LOG | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW},
		{"a rule with NOTIFY", specs.LinuxSeccomp{Flags: []specs.LinuxSeccompFlag{}, Syscalls: notify, ListenerPath: "/agent"}, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER},
	} {
		t.Run(row.fact, func(t *testing.T) {
			row.spec.DefaultAction = specs.ActAllow
			p, err := seccomp.New(&row.spec)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := loadFlags(p, p.Spec()); err != nil || got != row.want {
				t.Errorf("got %#x, %v, want %#x", got, err, row.want)
			}
		})
	}
}

// A flag that the kernel does not have is refused, and not left out. No kernel has one
// that no OCI profile can name, so here the table says another bit.
func TestFlagThatTheKernelHasNot(t *testing.T) {
	known := flagBits[specs.LinuxSeccompFlagLog]
	flagBits[specs.LinuxSeccompFlagLog] = 1 << 30
	defer func() { flagBits[specs.LinuxSeccompFlagLog] = known }()
	p, err := seccomp.New(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Flags: []specs.LinuxSeccompFlag{specs.LinuxSeccompFlagLog}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = loadFlags(p, p.Spec())
	if refused := (*seccomp.InvalidError)(nil); !errors.As(err, &refused) || refused.Field != "flags[0]" {
		t.Errorf("got %v", err)
	}
}

func TestFlagNames(t *testing.T) {
	got := FlagNames(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_LOG)
	if want := []string{"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_NEW_LISTENER"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
