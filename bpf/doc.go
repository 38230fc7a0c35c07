// Package bpf is classic BPF as the kernel's seccomp uses it: programs that
// read one struct seccomp_data and return one SECCOMP_RET_* word.
//
// # What it holds
//
//   - [Program]: a checked sequence of [Instruction] values, made by [New] or
//     [Decode] and by nothing else
//   - [Data] and [Action]: what a program reads and what it returns
//   - [Program.Run]: what the kernel would answer
//   - [Program.Disassemble]: the same program for a person
//   - [Assembler]: programs from jumps to labels
//
// # Guarantees
//
//   - New accepts a program exactly when the kernel's
//     seccomp(SECCOMP_SET_MODE_FILTER) accepts it, apart from running out of
//     memory or of the caller's rights.
//   - Run returns the word that the kernel's BPF gets for the same data.
//   - What is not known is refused or kills: the zero Program returns
//     [KillProcess], and [Action.Enforced] reads an unknown action as the
//     kernel does.
//   - Nothing here looks at the host, except that words are in the host's byte
//     order, as they are in seccomp_data.
//
// # The oracle
//
// The rules are written down beside the kernel function that sets them
// (net/core/filter.c, kernel/seccomp.c), but the tests do not trust that
// reading: they ask the running kernel. All 65,536 opcodes, the operands of
// those it knows and random programs are offered to it for its verdict, and
// programs are installed and run by it to compare results, word by word.
// golang.org/x/net/bpf is the second oracle, for what its VM supports.
package bpf
