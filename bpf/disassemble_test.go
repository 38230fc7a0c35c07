package bpf

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/disassembly/*.golden")

// Each .filter file is a program, with one instruction on a line in the order of struct
// sock_filter. Its .golden file is the text of the program.
func TestDisassemble(t *testing.T) {
	if lowHalf() != 0 {
		t.Skip("the programs load the halves of arguments of a little-endian host")
	}
	files, err := filepath.Glob("testdata/disassembly/*.filter")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var got strings.Builder
			if err := readProgram(t, file).Disassemble(&got, someNames); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, "filter") + "golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", &got, want)
			}
		})
	}
}

func readProgram(t *testing.T, file string) Program {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var code []Instruction
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(text) == "" {
			continue
		}
		var in Instruction
		if _, err := fmt.Sscan(text, &in.Code, &in.Jt, &in.Jf, &in.K); err != nil {
			t.Fatalf("%s: %q: %v", file, text, err)
		}
		code = append(code, in)
	}
	return mustNew(t, code...)
}

// someNames knows the syscalls that the programs mention.
func someNames(arch Arch, nr uint32) string {
	return map[Arch]map[uint32]string{
		0: {1: "asked for without an architecture"},
		ArchX86_64: {
			0: "read", 1: "write", 16: "ioctl", 56: "clone", 59: "execve", 135: "personality", 231: "exit_group",
			435: "clone3", X32Bit | 1: "write",
		},
		ArchI386: {
			3: "read", 4: "write", 11: "execve", 54: "ioctl", 120: "clone", 136: "personality", 252: "exit_group",
			435: "clone3",
		},
	}[arch][nr]
}

func TestStringKnowsNoNames(t *testing.T) {
	p := mustNew(t,
		Instruction{Code: LdAbs, K: OffsetArch},
		Instruction{Code: JeqK, K: uint32(ArchX86_64), Jf: 2},
		Instruction{Code: LdAbs, K: OffsetNr},
		Instruction{Code: JeqK, K: 59, Jt: 1},
		Instruction{Code: RetK, K: uint32(KillProcess)},
		Instruction{Code: RetK, K: uint32(Allow)})
	want := `0000: ld    A = arch
0001: jeq   if arch != x86_64 goto 0004
0002: ld    A = nr
0003: jeq   if nr == 59 goto 0005
0004: ret   KILL_PROCESS
0005: ret   ALLOW
`
	if got := p.String(); got != want {
		t.Errorf("String:\n%s\nwant\n%s", got, want)
	}
}

func TestDisassembleReportsTheWritersError(t *testing.T) {
	if err := chain(t, 100).Disassemble(full{}, nil); !errors.Is(err, errFull) {
		t.Errorf("Disassemble: %v, want %v", err, errFull)
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
