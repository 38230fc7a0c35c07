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

// A rule applies to every calling convention that the profile lists.
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

// A process is killed by each call of a convention that the profile does not list, even
// if the profile allows everything.
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

// A call by int 0x80 has arguments of 32 bits. The filter sees the 64 bits of the
// registers; their upper halves do not change which rules match.
func TestUpperHalvesOfLegacyCalls(t *testing.T) {
	t.Parallel()
	needLegacyCalls(t)
	const wide = 1 << 32
	got := execute(t, calls(legacy("getpgid", 5), legacy("getpgid", wide|5), legacy("getpgid", 0), legacy("getsid", 5), legacy("getsid", 0),
		legacy("socketcall", wide|1, 0)),
		under(profile(t, "{"+allOfX86+`"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
			{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[{"index":0,"value":5,"op":"SCMP_CMP_EQ"}]},
			{"names":["getsid"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[{"index":0,"value":4294967301,"op":"SCMP_CMP_EQ"}]},
			{"names":["socket"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`)))
	mustAnswer(t, "init", got.stdout, map[string]string{
		legacy("getpgid", 5):            "EPROTO",
		legacy("getpgid", wide|5):       "EPROTO",
		legacy("getpgid", 0):            "ok",
		legacy("getsid", 5):             "ESRCH", // the operand is wider than any argument
		legacy("getsid", 0):             "ok",
		legacy("socketcall", wide|1, 0): "EPROTO",
	})
}

// needLegacyCalls skips the test on architectures with one calling convention.
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
