package bpf

import (
	"encoding/binary"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The layout is that of the kernel: a load of each word returns the half of the field that
// was passed. TestRun tests single halves.
func TestDataLayout(t *testing.T) {
	d := Data{Nr: 0x11, Arch: 0x22, InstructionPointer: 0x3333333344444444}
	want := map[uint32]uint32{
		OffsetNr: 0x11, OffsetArch: 0x22, offsetIP + lowHalf(): 0x44444444, offsetIP + lowHalf() ^ 4: 0x33333333,
	}
	for i := range d.Args {
		low, high := uint32(i)<<8|0xaa, uint32(i)<<8|0xbb
		d.Args[i] = uint64(high)<<32 | uint64(low)
		want[ArgLow(i)], want[ArgHigh(i)] = low, high
	}
	if len(want) != DataSize/4 {
		t.Fatalf("%d words have a name, want %d", len(want), DataSize/4)
	}
	bytes := d.Bytes()
	for offset, word := range want {
		loader := mustNew(t, Instruction{Code: LdAbs, K: offset}, Instruction{Code: RetA})
		if got := uint32(loader.Run(d)); got != word {
			t.Errorf("word at %d = %#x, want %#x", offset, got, word)
		}
		if got := binary.NativeEndian.Uint32(bytes[offset:]); got != word {
			t.Errorf("Bytes at %d = %#x, want %#x", offset, got, word)
		}
		if got, want := kernel(t).run(t, loader, d)[0], kernel(t).predict(t, loader, d); got != want {
			t.Errorf("kernel's word at %d = %#x, want %#x", offset, got, want)
		}
	}
}

// The two fields that the caller does not choose have the right values.
func TestDataOfTheKernel(t *testing.T) {
	o := kernel(t)
	o.learn(t)
	arch := map[string]Arch{
		"amd64": ArchX86_64, "arm64": ArchAARCH64, "loong64": ArchLOONGARCH64, "ppc64le": ArchPPC64LE,
		"riscv64": ArchRISCV64, "s390x": ArchS390X, "mips64": ArchMIPS64, "mips64le": ArchMIPSEL64,
	}[runtime.GOARCH]
	if o.arch != arch {
		t.Errorf("arch = %v, want %v", o.arch, arch)
	}
	var function string
	if err := o.rpc.Call("Kernel.Where", o.ip, &function); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(function, "Syscall6") {
		t.Errorf("instruction pointer %#x is in %q, want Syscall6", o.ip, function)
	}
}

func TestArgOffsets(t *testing.T) {
	for i := range argCount {
		if low, high := ArgLow(i), ArgHigh(i); min(low, high) != 16+8*uint32(i) || max(low, high) != min(low, high)+4 {
			t.Errorf("halves of argument %d are at %d and %d", i, low, high)
		}
	}
	for _, i := range []int{-1, 6, 1 << 29, -1 << 29} {
		for _, offset := range []uint32{ArgLow(i), ArgHigh(i)} {
			if _, err := New([]Instruction{{Code: LdAbs, K: offset}, {Code: RetA}}); err == nil {
				t.Errorf("New accepts a load of argument %d at %d", i, offset)
			}
		}
	}
}

func TestArchs(t *testing.T) {
	for _, tt := range []struct {
		arch Arch
		want uint32
		name string
	}{
		{ArchX86_64, unix.AUDIT_ARCH_X86_64, "x86_64"},
		{ArchI386, unix.AUDIT_ARCH_I386, "i386"},
		{ArchARM, unix.AUDIT_ARCH_ARM, "arm"},
		{ArchAARCH64, unix.AUDIT_ARCH_AARCH64, "aarch64"},
		{ArchLOONGARCH64, unix.AUDIT_ARCH_LOONGARCH64, "loongarch64"},
		{ArchM68K, unix.AUDIT_ARCH_M68K, "m68k"},
		{ArchMIPS, unix.AUDIT_ARCH_MIPS, "mips"},
		{ArchMIPSEL, unix.AUDIT_ARCH_MIPSEL, "mipsel"},
		{ArchMIPS64, unix.AUDIT_ARCH_MIPS64, "mips64"},
		{ArchMIPS64N32, unix.AUDIT_ARCH_MIPS64N32, "mips64n32"},
		{ArchMIPSEL64, unix.AUDIT_ARCH_MIPSEL64, "mipsel64"},
		{ArchMIPSEL64N32, unix.AUDIT_ARCH_MIPSEL64N32, "mipsel64n32"},
		{ArchPARISC, unix.AUDIT_ARCH_PARISC, "parisc"},
		{ArchPARISC64, unix.AUDIT_ARCH_PARISC64, "parisc64"},
		{ArchPPC, unix.AUDIT_ARCH_PPC, "ppc"},
		{ArchPPC64, unix.AUDIT_ARCH_PPC64, "ppc64"},
		{ArchPPC64LE, unix.AUDIT_ARCH_PPC64LE, "ppc64le"},
		{ArchRISCV64, unix.AUDIT_ARCH_RISCV64, "riscv64"},
		{ArchS390, unix.AUDIT_ARCH_S390, "s390"},
		{ArchS390X, unix.AUDIT_ARCH_S390X, "s390x"},
		{ArchSH, unix.AUDIT_ARCH_SH, "sh"},
		{ArchSHEL, unix.AUDIT_ARCH_SHEL, "shel"},
		{unix.AUDIT_ARCH_SPARC64, unix.AUDIT_ARCH_SPARC64, "arch(0x8000002b)"},
		{0, 0, "arch(0x00000000)"},
	} {
		if uint32(tt.arch) != tt.want {
			t.Errorf("%s is %#x, want %#x", tt.name, uint32(tt.arch), tt.want)
		}
		if got := tt.arch.String(); got != tt.name {
			t.Errorf("%#x: String = %s, want %s", tt.want, got, tt.name)
		}
	}
}
