// Package bpf is classic BPF as the kernel's seccomp uses it: programs that
// read one struct seccomp_data and return one SECCOMP_RET_* word.
//
// # What it holds
//
//   - [Program]: a checked sequence of [Instruction] values, made by [New] or
//     [Decode] and by nothing else
//   - [Data] and [Action]: what a program reads and what it returns
//   - [Program.Run]: the action that the kernel takes
//   - [Program.Disassemble]: a program as text
//   - [Assembler]: makes programs with jumps to labels
//
// # Guarantees
//
//   - New accepts a program exactly when the kernel's
//     seccomp(SECCOMP_SET_MODE_FILTER) accepts it from a caller that has the
//     rights and the memory.
//   - Run returns the word that the kernel's BPF gets for the same data.
//   - Nothing unknown is allowed: the zero Program returns [KillProcess], and
//     [Action.Enforced] is KillProcess for an unknown kind, as in the kernel.
//   - The package does not depend on the host, except that words are in the host's
//     byte order, as in seccomp_data.
//
// # The oracle
//
// A comment on each rule names the kernel function that has it (net/core/filter.c,
// kernel/seccomp.c). The tests do not trust these comments: they ask the running kernel
// whether it accepts all 65,536 opcodes, the operands of the opcodes that it knows, and
// random programs; and they install programs and compare the kernel's results with those
// of Run. golang.org/x/net/bpf is the second oracle, for the opcodes of its VM.
package bpf
