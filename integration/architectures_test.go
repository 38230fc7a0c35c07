package integration

import (
	"runtime"
	"strings"
	"testing"
)

const (
	denyUnshare   = `"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["unshare"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]`
	allOfX86      = `"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],`
	nativeAlone   = `"architectures":["SCMP_ARCH_X86_64"],`
	noneAreListed = ``
)

// A rule holds by every calling convention that the profile lists.
func TestListedArchitectures(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	got := execute(t, calls(call("unshare", 0), legacy("unshare", 0), x32("unshare", 0), legacy("getpid"), call("getpid")),
		under(profile(t, "{"+allOfX86+denyUnshare+"}")))
	mustAnswer(t, "init", got.stdout, map[string]string{
		call("unshare", 0):   "EPROTO",
		legacy("unshare", 0): "EPROTO",
		x32("unshare", 0):    "EPROTO",
		legacy("getpid"):     "ok",
		call("getpid"):       "ok",
	})
}

// By a convention that the profile does not list, no call is made at all, not
// even where the profile allows everything.
func TestUnlistedArchitectures(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	for _, row := range []struct{ fact, architectures string }{
		{"the native one alone", nativeAlone},
		{"none", noneAreListed},
	} {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, under(profile(t, "{"+row.architectures+denyUnshare+"}")))
			mustAnswer(t, "an exec", c.exec(t, calls(call("unshare", 0))).stdout, map[string]string{call("unshare", 0): "EPROTO"})
			for _, step := range []string{legacy("getpid"), x32("getpid")} {
				got := c.exec(t, calls(call("getpid"), step))
				if got.code != diedOfSigsys || !strings.Contains(got.stdout, "getpid@64") || strings.Contains(got.stdout, step) {
					t.Errorf("%s: %+v", step, got)
				}
			}
		})
	}
}

// needLegacyCalls skips where there is but one calling convention.
func needLegacyCalls(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("only x86 has several calling conventions that one program can use")
	}
	step := legacy("getpid")
	if got := execute(t, calls(step)); answers(got.stdout)[step] != "ok" {
		t.Skipf("the kernel takes no int 0x80 (IA32 emulation is off): %+v", got)
	}
}
