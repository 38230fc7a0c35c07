package syscalls

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// firstCommon is the first number that is the same on all architectures.
const firstCommon = 424

func TestTableIsInOrder(t *testing.T) {
	names := map[string]bool{}
	for i, s := range table {
		if names[s.name] {
			t.Errorf("%s is in the table twice", s.name)
		}
		names[s.name] = true
		if i > 0 && s.number <= table[i-1].number {
			t.Errorf("%d %s comes after %d", s.number, s.name, table[i-1].number)
		}
		if s.number > firstCommon && s.number != table[i-1].number+1 {
			t.Errorf("no syscall has the number %d", s.number-1)
		}
	}
}

func TestOn(t *testing.T) {
	for _, row := range []struct {
		abi    specs.Arch
		name   string
		number uint32 // 0 if the ABI lacks the syscall
	}{
		{specs.ArchX86_64, "mseal", 462},
		{specs.ArchX86, "mseal", 462},
		{specs.ArchX32, "mseal", 0x40000000 + 462},
		{specs.ArchMIPS, "mseal", 4462},
		{specs.ArchMIPSEL64, "mseal", 5462},
		{specs.ArchMIPS64N32, "mseal", 6462},
		{specs.ArchX32, "uretprobe", 0x40000000 + 335},
		{specs.ArchX86, "uretprobe", 0},
		{specs.ArchARM, "memfd_secret", 0},
		{specs.ArchAARCH64, "memfd_secret", 447},
		{specs.ArchSH, "clone3", 0},
		{specs.ArchX86_64, "read", 0}, // old
	} {
		if got := maps.Collect(On(row.abi))[row.name]; got != row.number {
			t.Errorf("%s on %s is %d, want %d", row.name, row.abi, got, row.number)
		}
	}
	for range On(specs.ArchX86_64) {
		break // a caller may
	}
	if !Known("memfd_secret") || Known("read") || Known("") {
		t.Error("Known is wrong about memfd_secret, read or no name")
	}
}

// The table agrees with the kernel's headers, on every architecture.
func TestKernelHeaders(t *testing.T) {
	folder := os.Getenv("SECCOMP_SHIM_UAPI")
	if folder == "" {
		folder = "/usr/lib/linux/uapi"
	}
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("no kernel headers of all architectures: %v; Debian's linux-libc-dev has them since Debian 13", err)
	}
	for header, abis := range map[string][]specs.Arch{
		"x86/asm/unistd_32.h":       {specs.ArchX86},
		"x86/asm/unistd_64.h":       {specs.ArchX86_64},
		"x86/asm/unistd_x32.h":      {specs.ArchX32},
		"arm/asm/unistd-eabi.h":     {specs.ArchARM},
		"arm64/asm/unistd_64.h":     {specs.ArchAARCH64},
		"mips/asm/unistd_o32.h":     {specs.ArchMIPS, specs.ArchMIPSEL},
		"mips/asm/unistd_n64.h":     {specs.ArchMIPS64, specs.ArchMIPSEL64},
		"mips/asm/unistd_n32.h":     {specs.ArchMIPS64N32, specs.ArchMIPSEL64N32},
		"powerpc/asm/unistd_32.h":   {specs.ArchPPC},
		"powerpc/asm/unistd_64.h":   {specs.ArchPPC64, specs.ArchPPC64LE},
		"s390/asm/unistd_64.h":      {specs.ArchS390X},
		"parisc/asm/unistd_32.h":    {specs.ArchPARISC},
		"parisc/asm/unistd_64.h":    {specs.ArchPARISC64},
		"riscv/asm/unistd_64.h":     {specs.ArchRISCV64},
		"loongarch/asm/unistd_64.h": {specs.ArchLOONGARCH64},
		"m68k/asm/unistd_32.h":      {specs.ArchM68K},
		"sh/asm/unistd_32.h":        {specs.ArchSH, specs.ArchSHEB},
	} {
		text, err := os.ReadFile(filepath.Join(folder, header))
		if err != nil {
			t.Error(err)
			continue
		}
		// The numbers of mips and x32 are written as the sum of their base and this.
		define := regexp.MustCompile(`(?m)^#define __NR_(\w+) .*?(\d+)\)?$`)
		for _, abi := range abis {
			mustAgree(t, header, abi, numbers(t, define, string(text), 0))
		}
	}
}

// The table agrees with golang.org/x/sys/unix, which every build has.
func TestAgreesWithXSys(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go command here, as in the machine of make test-vm: it finds the module that has the numbers")
	}
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for goarch, abi := range map[string]specs.Arch{
		"386": specs.ArchX86, "amd64": specs.ArchX86_64, "arm": specs.ArchARM, "arm64": specs.ArchAARCH64,
		"loong64": specs.ArchLOONGARCH64, "mips": specs.ArchMIPS, "mipsle": specs.ArchMIPSEL,
		"mips64": specs.ArchMIPS64, "mips64le": specs.ArchMIPSEL64, "ppc": specs.ArchPPC, "ppc64": specs.ArchPPC64,
		"ppc64le": specs.ArchPPC64LE, "riscv64": specs.ArchRISCV64, "s390x": specs.ArchS390X,
	} {
		file := "unix/zsysnum_linux_" + goarch + ".go"
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), file))
		if err != nil {
			t.Error(err)
			continue
		}
		define := regexp.MustCompile(`(?m)^\tsys_(\w+) += (\d+)$`)
		mustAgree(t, file, abi, numbers(t, define, strings.ToLower(string(text)), Base(abi)))
	}
}

// numbers returns the syscalls that a text defines, with their numbers minus base.
func numbers(t *testing.T, define *regexp.Regexp, text string, base uint32) map[string]uint32 {
	t.Helper()
	all := map[string]uint32{}
	for _, match := range define.FindAllStringSubmatch(text, -1) {
		nr, err := strconv.ParseUint(match[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		all[match[1]] = uint32(nr) - base
	}
	if len(all) < 300 {
		t.Fatalf("only %d syscalls are found", len(all))
	}
	return all
}

// mustAgree compares the table with another list of an ABI's syscalls. The list may be
// older than the table and lack some.
func mustAgree(t *testing.T, source string, abi specs.Arch, list map[string]uint32) {
	t.Helper()
	ours := maps.Collect(On(abi))
	newest := uint32(0)
	for name, nr := range list {
		if abi == specs.ArchX32 && nr >= 512 {
			continue // numbers of x32 alone, for old syscalls
		}
		newest = max(newest, nr)
		switch number, ok := ours[name]; {
		case ok && number != Base(abi)+nr:
			t.Errorf("%s: %s is %d on %s, not %d", source, name, Base(abi)+nr, abi, number)
		case !ok && nr >= firstCommon:
			t.Errorf("%s: %s, %d on %s, is not in the table", source, name, Base(abi)+nr, abi)
		}
	}
	if newest < table[len(table)-1].number {
		t.Logf("%s is older than the table and ends at %d", source, newest)
		return
	}
	for name, nr := range ours {
		if _, ok := list[name]; !ok {
			t.Errorf("%s: %s has no %s, %d in the table", source, abi, name, nr)
		}
	}
}
