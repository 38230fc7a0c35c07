package libseccomp

import (
	"github.com/opencontainers/runtime-spec/specs-go"
	golang "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

var scmpActions = map[specs.LinuxSeccompAction]golang.ScmpAction{
	specs.ActKill:        golang.ActKillThread,
	specs.ActKillThread:  golang.ActKillThread,
	specs.ActKillProcess: golang.ActKillProcess,
	specs.ActTrap:        golang.ActTrap,
	specs.ActErrno:       golang.ActErrno,
	specs.ActTrace:       golang.ActTrace,
	specs.ActAllow:       golang.ActAllow,
	specs.ActLog:         golang.ActLog,
	specs.ActNotify:      golang.ActNotify,
}

// scmpAction combines an action with its error number or message. The 16 bits
// are libseccomp-golang's signed return code.
func scmpAction(action specs.LinuxSeccompAction, errno *uint) golang.ScmpAction {
	a := scmpActions[action]
	if action != specs.ActErrno && action != specs.ActTrace {
		return a
	}
	value := uint(seccomp.DefaultErrno)
	if errno != nil {
		value = *errno
	}
	return a.SetReturnCode(int16(uint16(value)))
}

var scmpOperators = map[specs.LinuxSeccompOperator]golang.ScmpCompareOp{
	specs.OpNotEqual:     golang.CompareNotEqual,
	specs.OpLessThan:     golang.CompareLess,
	specs.OpLessEqual:    golang.CompareLessOrEqual,
	specs.OpEqualTo:      golang.CompareEqual,
	specs.OpGreaterEqual: golang.CompareGreaterEqual,
	specs.OpGreaterThan:  golang.CompareGreater,
	specs.OpMaskedEqual:  golang.CompareMaskedEqual,
}

// arch is one architecture in libseccomp's terms and in the kernel's. x32 is
// x86_64 to the kernel, with bpf.X32Bit set in the syscall number.
type arch struct {
	scmp  golang.ScmpArch
	audit bpf.Arch
}

var archs = map[specs.Arch]arch{
	specs.ArchX86:         {golang.ArchX86, bpf.ArchI386},
	specs.ArchX86_64:      {golang.ArchAMD64, bpf.ArchX86_64},
	specs.ArchX32:         {golang.ArchX32, bpf.ArchX86_64},
	specs.ArchARM:         {golang.ArchARM, bpf.ArchARM},
	specs.ArchAARCH64:     {golang.ArchARM64, bpf.ArchAARCH64},
	specs.ArchMIPS:        {golang.ArchMIPS, bpf.ArchMIPS},
	specs.ArchMIPS64:      {golang.ArchMIPS64, bpf.ArchMIPS64},
	specs.ArchMIPS64N32:   {golang.ArchMIPS64N32, bpf.ArchMIPS64N32},
	specs.ArchMIPSEL:      {golang.ArchMIPSEL, bpf.ArchMIPSEL},
	specs.ArchMIPSEL64:    {golang.ArchMIPSEL64, bpf.ArchMIPSEL64},
	specs.ArchMIPSEL64N32: {golang.ArchMIPSEL64N32, bpf.ArchMIPSEL64N32},
	specs.ArchPPC:         {golang.ArchPPC, bpf.ArchPPC},
	specs.ArchPPC64:       {golang.ArchPPC64, bpf.ArchPPC64},
	specs.ArchPPC64LE:     {golang.ArchPPC64LE, bpf.ArchPPC64LE},
	specs.ArchS390:        {golang.ArchS390, bpf.ArchS390},
	specs.ArchS390X:       {golang.ArchS390X, bpf.ArchS390X},
	specs.ArchPARISC:      {golang.ArchPARISC, bpf.ArchPARISC},
	specs.ArchPARISC64:    {golang.ArchPARISC64, bpf.ArchPARISC64},
	specs.ArchRISCV64:     {golang.ArchRISCV64, bpf.ArchRISCV64},
	specs.ArchLOONGARCH64: {golang.ArchLOONGARCH64, bpf.ArchLOONGARCH64},
	specs.ArchM68K:        {golang.ArchM68K, bpf.ArchM68K},
	specs.ArchSH:          {golang.ArchSH, bpf.ArchSHEL},
	specs.ArchSHEB:        {golang.ArchSHEB, bpf.ArchSH},
}
