package bpf

import "fmt"

// An Arch is a syscall convention, AUDIT_ARCH_* of <linux/audit.h>: an ELF machine number,
// with bits for 64 bit, little endian and the n32 ABI of MIPS.
type Arch uint32

// The conventions that libseccomp 2.6 supports. It calls ArchSH sheb, ArchSHEL
// sh and ArchI386 x86; its x32 is ArchX86_64 with X32Bit in the number.
const (
	ArchX86_64      Arch = 0xc000003e // AUDIT_ARCH_X86_64
	ArchI386        Arch = 0x40000003 // AUDIT_ARCH_I386
	ArchARM         Arch = 0x40000028 // AUDIT_ARCH_ARM
	ArchAARCH64     Arch = 0xc00000b7 // AUDIT_ARCH_AARCH64
	ArchLOONGARCH64 Arch = 0xc0000102 // AUDIT_ARCH_LOONGARCH64
	ArchM68K        Arch = 0x00000004 // AUDIT_ARCH_M68K
	ArchMIPS        Arch = 0x00000008 // AUDIT_ARCH_MIPS
	ArchMIPSEL      Arch = 0x40000008 // AUDIT_ARCH_MIPSEL
	ArchMIPS64      Arch = 0x80000008 // AUDIT_ARCH_MIPS64
	ArchMIPS64N32   Arch = 0xa0000008 // AUDIT_ARCH_MIPS64N32
	ArchMIPSEL64    Arch = 0xc0000008 // AUDIT_ARCH_MIPSEL64
	ArchMIPSEL64N32 Arch = 0xe0000008 // AUDIT_ARCH_MIPSEL64N32
	ArchPARISC      Arch = 0x0000000f // AUDIT_ARCH_PARISC
	ArchPARISC64    Arch = 0x8000000f // AUDIT_ARCH_PARISC64
	ArchPPC         Arch = 0x00000014 // AUDIT_ARCH_PPC
	ArchPPC64       Arch = 0x80000015 // AUDIT_ARCH_PPC64
	ArchPPC64LE     Arch = 0xc0000015 // AUDIT_ARCH_PPC64LE
	ArchRISCV64     Arch = 0xc00000f3 // AUDIT_ARCH_RISCV64
	ArchS390        Arch = 0x00000016 // AUDIT_ARCH_S390
	ArchS390X       Arch = 0x80000016 // AUDIT_ARCH_S390X
	ArchSH          Arch = 0x0000002a // AUDIT_ARCH_SH
	ArchSHEL        Arch = 0x4000002a // AUDIT_ARCH_SHEL
)

// String returns the UAPI name after AUDIT_ARCH_ in lower case, such as x86_64,
// or the number for a convention not listed here.
func (a Arch) String() string {
	switch a {
	case ArchX86_64:
		return "x86_64"
	case ArchI386:
		return "i386"
	case ArchARM:
		return "arm"
	case ArchAARCH64:
		return "aarch64"
	case ArchLOONGARCH64:
		return "loongarch64"
	case ArchM68K:
		return "m68k"
	case ArchMIPS:
		return "mips"
	case ArchMIPSEL:
		return "mipsel"
	case ArchMIPS64:
		return "mips64"
	case ArchMIPS64N32:
		return "mips64n32"
	case ArchMIPSEL64:
		return "mipsel64"
	case ArchMIPSEL64N32:
		return "mipsel64n32"
	case ArchPARISC:
		return "parisc"
	case ArchPARISC64:
		return "parisc64"
	case ArchPPC:
		return "ppc"
	case ArchPPC64:
		return "ppc64"
	case ArchPPC64LE:
		return "ppc64le"
	case ArchRISCV64:
		return "riscv64"
	case ArchS390:
		return "s390"
	case ArchS390X:
		return "s390x"
	case ArchSH:
		return "sh"
	case ArchSHEL:
		return "shel"
	}
	return fmt.Sprintf("arch(%#08x)", uint32(a))
}
