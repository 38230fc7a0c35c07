// Command derive writes the table of package arguments from the sources of a Linux kernel:
// the parameters of SYSCALL_DEFINEn, for the names of the kernel's syscall tables.
//
// usage: go run ./seccomp/arguments/derive LINUX > seccomp/arguments/arguments.txt
//
// LINUX is a folder with a kernel's sources, such as those of Debian's linux-source-6.12.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: derive LINUX")
		os.Exit(2)
	}
	table, err := derive(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "derive:", err)
		os.Exit(1)
	}
	if _, err := os.Stdout.WriteString(table); err != nil {
		fmt.Fprintln(os.Stderr, "derive:", err)
		os.Exit(1)
	}
}

// A parameter is one of a function of the kernel: its name, and how many bits of the register
// the function reads.
type parameter struct {
	name string
	bits int
}

const nameless = "-"

// derive returns a line for each syscall, sorted by name.
func derive(linux string) (string, error) {
	entries, err := readTables(linux)
	if err != nil {
		return "", err
	}
	functions, err := readFunctions(linux)
	if err != nil {
		return "", err
	}
	lines := map[string]string{}
	for name, entry := range entries {
		var all [][]parameter
		for _, function := range slices.Sorted(maps.Keys(entry)) {
			all = append(all, functions[function]...)
		}
		if len(all) == 0 {
			continue // not implemented, or written in assembly
		}
		line := name
		for _, p := range common(all) {
			line += " " + p.String()
		}
		lines[name] = line
	}
	if len(lines) < 300 {
		return "", fmt.Errorf("%s: only %d syscalls are found: is this a kernel's source?", linux, len(lines))
	}
	text := fmt.Sprintf("# Derived from the sources of Linux %s by seccomp/arguments/derive.\n", version(linux))
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		text += lines[name] + "\n"
	}
	return text, nil
}

func (p parameter) String() string {
	if p.bits == 64 {
		return p.name
	}
	return fmt.Sprintf("%s:%d", p.name, p.bits)
}

// common returns what several definitions of a syscall have in common, such as those of
// clone(2) for several configurations: a parameter has as many bits as the widest, and no name
// if the names differ.
func common(all [][]parameter) []parameter {
	merged := slices.Clone(all[0])
	for _, other := range all[1:] {
		for i, p := range other {
			if i == len(merged) {
				merged = append(merged, p)
			}
			merged[i].bits = max(merged[i].bits, p.bits)
			if merged[i].name != p.name {
				merged[i].name = nameless
			}
		}
	}
	return merged
}

var tableLine = regexp.MustCompile(`(?m)^\d+\s+(\S+)\s+(\w+)\s+sys_(\w+)`)

// tables are those of x86_64 and x32, and of the newer architectures, to which arm64, riscv
// and loongarch belong.
var tables = []string{"arch/x86/entry/syscalls/syscall_64.tbl", "scripts/syscall.tbl"}

// architectures are the folders of these.
var architectures = []string{"x86", "arm64", "riscv", "loongarch"}

// readTables returns, for each syscall, the functions that implement it where registers have
// 64 bits.
func readTables(linux string) (map[string]map[string]bool, error) {
	entries := map[string]map[string]bool{}
	for _, table := range tables {
		text, err := os.ReadFile(filepath.Join(linux, table))
		if err != nil {
			return nil, err
		}
		for _, m := range tableLine.FindAllSubmatch(text, -1) {
			abi, name, function := string(m[1]), string(m[2]), string(m[3])
			if abi == "32" || abi == "time32" {
				continue // of architectures of 32 bits
			}
			if entries[name] == nil {
				entries[name] = map[string]bool{}
			}
			entries[name][function] = true
		}
	}
	return entries, nil
}

func otherArchitecture(linux, path string) bool {
	below, err := filepath.Rel(filepath.Join(linux, "arch"), path)
	return err == nil && filepath.IsLocal(below) && below != "." && !slices.Contains(architectures, strings.Split(below, "/")[0])
}

var definition = regexp.MustCompile(`(?m)^SYSCALL_DEFINE([0-6])\(\s*(\w+)\s*((?:,[^)]*)?)\)`)

// readFunctions returns the parameters of each function, for each of its definitions.
func readFunctions(linux string) (map[string][][]parameter, error) {
	functions := map[string][][]parameter{}
	err := filepath.WalkDir(linux, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && otherArchitecture(linux, path) {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".c" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range definition.FindAllSubmatch(text, -1) {
			if bytes.Contains(m[3], []byte("SC_ARG64(")) {
				continue // an argument in two registers of 32 bits
			}
			parameters, err := parse(string(m[3]))
			if err != nil {
				return fmt.Errorf("%s: %s: %w", path, m[2], err)
			}
			functions[string(m[2])] = append(functions[string(m[2])], parameters)
		}
		return nil
	})
	return functions, err
}

// parse reads the macro's list: a type and a name for each parameter.
func parse(list string) ([]parameter, error) {
	fields := strings.Split(strings.TrimPrefix(list, ","), ",")
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	if len(fields)%2 != 0 {
		return nil, fmt.Errorf("%q is not a list of types and names", list)
	}
	var all []parameter
	for i := 0; i < len(fields); i += 2 {
		words := strings.Fields(fields[i])
		bits, err := width(words)
		if err != nil {
			return nil, err
		}
		all = append(all, parameter{strings.TrimSpace(fields[i+1]), bits})
	}
	return all, nil
}

// widths are the types whose values have fewer bits than a register (include/linux/types.h,
// include/uapi/asm-generic/posix_types.h). The macro casts the register to the type.
var widths = map[string]int{
	"int": 32, "unsigned": 32, "unsigned int": 32, "uint": 32, "u32": 32, "__u32": 32, "uint32_t": 32, "s32": 32, "__s32": 32,
	"pid_t": 32, "uid_t": 32, "gid_t": 32, "qid_t": 32, "clockid_t": 32, "timer_t": 32, "mqd_t": 32, "key_t": 32,
	"key_serial_t": 32, "rwf_t": 32,
	"umode_t": 16, "old_uid_t": 16, "old_gid_t": 16,
}

// wide are the types of 64 bits on an architecture of 64 bits.
var wide = []string{
	"long", "unsigned long", "size_t", "loff_t", "off_t", "old_sigset_t", "u64", "__u64", "aio_context_t", "cap_user_header_t", "cap_user_data_t", "__sighandler_t", "uintptr_t",
}

func width(words []string) (int, error) {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "const" })
	name := strings.Join(words, " ")
	bits, narrow := widths[name]
	switch {
	case strings.Contains(name, "*"), slices.Contains(wide, name):
		return 64, nil
	case narrow:
		return bits, nil
	case len(words) > 0 && words[0] == "enum":
		return 32, nil
	}
	return 0, fmt.Errorf("the type %q is not known: add it to widths or wide", name)
}

// version returns the version that the kernel's Makefile or Debian's changelog has.
func version(linux string) string {
	text, err := os.ReadFile(filepath.Join(linux, "Makefile"))
	if err != nil {
		return "of an unknown version"
	}
	field := func(name string) string {
		m := regexp.MustCompile(`(?m)^` + name + ` = (\d+)$`).FindSubmatch(text)
		if m == nil {
			return ""
		}
		return string(bytes.TrimSpace(m[1]))
	}
	return field("VERSION") + "." + field("PATCHLEVEL")
}
