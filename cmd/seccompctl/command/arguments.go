package command

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"seccomp-shim/mistake"

	"golang.org/x/sys/unix"
)

// constants has the names of arguments that profiles often have rules for.
var constants = map[string]uint64{
	"AF_UNIX": unix.AF_UNIX, "AF_INET": unix.AF_INET, "AF_INET6": unix.AF_INET6, "AF_NETLINK": unix.AF_NETLINK,
	"AF_PACKET": unix.AF_PACKET, "AF_KEY": unix.AF_KEY, "AF_ALG": unix.AF_ALG, "AF_VSOCK": unix.AF_VSOCK,
	"AF_BLUETOOTH": unix.AF_BLUETOOTH, "AF_CAN": unix.AF_CAN, "AF_TIPC": unix.AF_TIPC, "AF_XDP": unix.AF_XDP,
	"SOCK_STREAM": unix.SOCK_STREAM, "SOCK_DGRAM": unix.SOCK_DGRAM, "SOCK_RAW": unix.SOCK_RAW,
	"SOCK_CLOEXEC": unix.SOCK_CLOEXEC, "SOCK_NONBLOCK": unix.SOCK_NONBLOCK,
	"CLONE_VM": unix.CLONE_VM, "CLONE_FS": unix.CLONE_FS, "CLONE_FILES": unix.CLONE_FILES, "CLONE_THREAD": unix.CLONE_THREAD,
	"CLONE_SIGHAND": unix.CLONE_SIGHAND, "CLONE_VFORK": unix.CLONE_VFORK, "CLONE_NEWNS": unix.CLONE_NEWNS,
	"CLONE_NEWCGROUP": unix.CLONE_NEWCGROUP, "CLONE_NEWUTS": unix.CLONE_NEWUTS, "CLONE_NEWIPC": unix.CLONE_NEWIPC,
	"CLONE_NEWUSER": unix.CLONE_NEWUSER, "CLONE_NEWPID": unix.CLONE_NEWPID, "CLONE_NEWNET": unix.CLONE_NEWNET,
	"CLONE_NEWTIME": unix.CLONE_NEWTIME,
}

const maxArguments = 6 // of struct seccomp_data

// parseArguments reads a syscall's arguments.
func parseArguments(texts []string) ([]uint64, error) {
	if len(texts) > maxArguments {
		return nil, fmt.Errorf("%d arguments: a syscall has at most %d", len(texts), maxArguments)
	}
	var args []uint64
	for i, text := range texts {
		arg, err := parseArgument(text)
		if err != nil {
			return nil, fmt.Errorf("argument %d: %w", i, err)
		}
		args = append(args, arg)
	}
	return args, nil
}

// parseArgument reads numbers in the notations of C and Go, and constants, joined by |.
func parseArgument(text string) (uint64, error) {
	if negative, err := strconv.ParseInt(text, 0, 64); err == nil && negative < 0 {
		return uint64(negative), nil
	}
	var value uint64
	for part := range strings.SplitSeq(text, "|") {
		if bits, known := constants[part]; known {
			value |= bits
			continue
		}
		bits, err := strconv.ParseUint(part, 0, 64)
		if err != nil {
			return 0, fmt.Errorf("%q is neither a number of 64 bits nor a known constant%s", part, mistake.Meant(part, slices.Sorted(maps.Keys(constants))...))
		}
		value |= bits
	}
	return value, nil
}

// noFlags marks the negative numbers of a command line, so that pflag does not take them for
// flags; no flag begins with a digit. [operands] removes the marks.
func noFlags(args []string) []string {
	marked := slices.Clone(args)
	for i, arg := range marked {
		if len(arg) > 1 && arg[0] == '-' && arg[1] >= '0' && arg[1] <= '9' {
			marked[i] = mark + arg
		}
	}
	return marked
}

func operands(args []string) []string {
	var all []string
	for _, arg := range args {
		all = append(all, strings.TrimPrefix(arg, mark))
	}
	return all
}

// mark cannot be in an argument: arguments of a process have no NUL.
const mark = "\x00"
