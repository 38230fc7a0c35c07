package compile

import (
	"github.com/opencontainers/runtime-spec/specs-go"
	libseccomp "github.com/seccomp/libseccomp-golang"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp"
)

var scmpActions = map[specs.LinuxSeccompAction]libseccomp.ScmpAction{
	specs.ActKill:        libseccomp.ActKillThread,
	specs.ActKillThread:  libseccomp.ActKillThread,
	specs.ActKillProcess: libseccomp.ActKillProcess,
	specs.ActTrap:        libseccomp.ActTrap,
	specs.ActErrno:       libseccomp.ActErrno,
	specs.ActTrace:       libseccomp.ActTrace,
	specs.ActAllow:       libseccomp.ActAllow,
	specs.ActLog:         libseccomp.ActLog,
	specs.ActNotify:      libseccomp.ActNotify,
}

// scmpAction combines an action with its error number or message. The 16 bits
// are libseccomp-golang's signed return code.
func scmpAction(action specs.LinuxSeccompAction, errno *uint) libseccomp.ScmpAction {
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

var scmpOperators = map[specs.LinuxSeccompOperator]libseccomp.ScmpCompareOp{
	specs.OpNotEqual:     libseccomp.CompareNotEqual,
	specs.OpLessThan:     libseccomp.CompareLess,
	specs.OpLessEqual:    libseccomp.CompareLessOrEqual,
	specs.OpEqualTo:      libseccomp.CompareEqual,
	specs.OpGreaterEqual: libseccomp.CompareGreaterEqual,
	specs.OpGreaterThan:  libseccomp.CompareGreater,
	specs.OpMaskedEqual:  libseccomp.CompareMaskedEqual,
}

// arch is one architecture in libseccomp's terms and in the kernel's. x32 is
// x86_64 to the kernel, with bpf.X32Bit set in the syscall number.
type arch struct {
	scmp  libseccomp.ScmpArch
	audit bpf.Arch
}

var archs = map[specs.Arch]arch{
	specs.ArchX86:         {libseccomp.ArchX86, bpf.ArchI386},
	specs.ArchX86_64:      {libseccomp.ArchAMD64, bpf.ArchX86_64},
	specs.ArchX32:         {libseccomp.ArchX32, bpf.ArchX86_64},
	specs.ArchARM:         {libseccomp.ArchARM, bpf.ArchARM},
	specs.ArchAARCH64:     {libseccomp.ArchARM64, bpf.ArchAARCH64},
	specs.ArchMIPS:        {libseccomp.ArchMIPS, bpf.ArchMIPS},
	specs.ArchMIPS64:      {libseccomp.ArchMIPS64, bpf.ArchMIPS64},
	specs.ArchMIPS64N32:   {libseccomp.ArchMIPS64N32, bpf.ArchMIPS64N32},
	specs.ArchMIPSEL:      {libseccomp.ArchMIPSEL, bpf.ArchMIPSEL},
	specs.ArchMIPSEL64:    {libseccomp.ArchMIPSEL64, bpf.ArchMIPSEL64},
	specs.ArchMIPSEL64N32: {libseccomp.ArchMIPSEL64N32, bpf.ArchMIPSEL64N32},
	specs.ArchPPC:         {libseccomp.ArchPPC, bpf.ArchPPC},
	specs.ArchPPC64:       {libseccomp.ArchPPC64, bpf.ArchPPC64},
	specs.ArchPPC64LE:     {libseccomp.ArchPPC64LE, bpf.ArchPPC64LE},
	specs.ArchS390:        {libseccomp.ArchS390, bpf.ArchS390},
	specs.ArchS390X:       {libseccomp.ArchS390X, bpf.ArchS390X},
	specs.ArchPARISC:      {libseccomp.ArchPARISC, bpf.ArchPARISC},
	specs.ArchPARISC64:    {libseccomp.ArchPARISC64, bpf.ArchPARISC64},
	specs.ArchRISCV64:     {libseccomp.ArchRISCV64, bpf.ArchRISCV64},
	specs.ArchLOONGARCH64: {libseccomp.ArchLOONGARCH64, bpf.ArchLOONGARCH64},
	specs.ArchM68K:        {libseccomp.ArchM68K, bpf.ArchM68K},
	specs.ArchSH:          {libseccomp.ArchSH, bpf.ArchSHEL},
	specs.ArchSHEB:        {libseccomp.ArchSHEB, bpf.ArchSH},
}
