package integration

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// armProgram writes a program of ARM's 32-bit ABI, which arm64 kernels run, too. Its exit status
// is the answer of getpgid(0). No compiler for it is in the machine of make test-vm.
func armProgram(t *testing.T) oci.SpecOpts {
	t.Helper()
	code := []uint32{
		0xe3a07084, // mov r7, #132 (getpgid)
		0xe3a00000, // mov r0, #0
		0xef000000, // svc #0
		0xe3a07001, // mov r7, #1 (exit)
		0xef000000, // svc #0
	}
	const address = 0x10000
	header := elf.Header32{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_ARM), Version: uint32(elf.EV_CURRENT), Flags: 0x5000000, // EABI 5
		Ehsize: 52, Phoff: 52, Phentsize: 32, Phnum: 1, Entry: address + 52 + 32,
	}
	segment := elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: address, Paddr: address, Flags: uint32(elf.PF_R | elf.PF_X), Align: 0x1000}
	segment.Filesz = uint32(52 + 32 + 4*len(code))
	segment.Memsz = segment.Filesz
	var file bytes.Buffer
	for _, part := range []any{header, segment, code} {
		if err := binary.Write(&file, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "arm")
	if err := os.WriteFile(path, file.Bytes(), 0o755); err != nil {
		t.Fatal(err)
	}
	return oci.WithMounts([]specs.Mount{{Type: "bind", Source: path, Destination: "/bin/arm", Options: []string{"bind", "ro"}}})
}

// On arm64 the calls of a 32-bit program are judged and recorded as calls of its ABI.
func TestARMProgram(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "arm64" {
		t.Skip("only arm64 runs programs of ARM's 32-bit ABI: make test-vm ARCH=arm64")
	}
	mounted := armProgram(t)
	refused := profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"],
		"syscalls":[{"names":["getpgid"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}`)
	for _, row := range []struct {
		fact string
		opts []oci.SpecOpts
		code uint32
	}{
		{"no profile", []oci.SpecOpts{mounted}, 1},
		{"a profile that refuses the call", []oci.SpecOpts{mounted, under(refused)}, 256 - 71},
	} {
		if got := execute(t, []string{"/bin/arm"}, row.opts...); got.code != row.code {
			t.Errorf("%s: %+v, want %d", row.fact, got, row.code)
		}
	}
	id := newRecordedID(t)
	c := recordedWith(t, id, "", []string{"/bin/arm"}, mounted)
	c.run(t)
	if got := c.end(t); got.code != 1 {
		t.Errorf("recorded: %+v", got)
	}
	r := readRecording(t, id)
	mustHaveCalls(t, r, map[string]uint64{"SCMP_ARCH_ARM init getpgid": 1, "SCMP_ARCH_ARM init exit": 1})
	if r.Total != 2 {
		t.Errorf("%d calls", r.Total)
	}
}
