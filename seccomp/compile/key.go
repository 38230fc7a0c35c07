package compile

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/seccomp/cache"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/libseccomp"
)

// facts are what a program depends on besides the profile.
type facts struct {
	Compiler   string // this binary, which holds the check and our own emission
	Libseccomp string // its version, and the file of it that is in use
	Arch       string // GOARCH
	Kernel     string // libseccomp asks the kernel which actions it has
}

var hostFacts = sync.OnceValue(func() facts {
	return facts{
		Compiler:   fileIdentity("/proc/self/exe"),
		Libseccomp: libseccomp.Version() + " " + libraryFile(),
		Arch:       runtime.GOARCH,
		Kernel:     kernelVersion(),
	}
})

// fileIdentity returns a text that changes when an upgrade replaces the file. The cache does
// not outlive the boot, so device, inode, size and mtime are enough.
func fileIdentity(path string) string {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err.Error()
	}
	return fmt.Sprint(st.Dev, st.Ino, st.Size, st.Mtim.Sec, st.Mtim.Nsec)
}

// libraryFile returns the identity of the shared library, since distributions change its
// tables without changing its version. A library that is linked in is part of the binary.
func libraryFile() string {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err.Error()
	}
	for scanner := bufio.NewScanner(bytes.NewReader(maps)); scanner.Scan(); {
		if _, path, ok := strings.Cut(scanner.Text(), "/"); ok && strings.Contains(path, "libseccomp.so") {
			return path + " " + fileIdentity("/"+path)
		}
	}
	return "linked in"
}

func kernelVersion() string {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err.Error()
	}
	return unix.ByteSliceToString(uts.Release[:]) + " " + unix.ByteSliceToString(uts.Version[:])
}

// key covers everything that the program depends on: not the listener's socket and metadata,
// nor the flags.
func key(spec *specs.LinuxSeccomp, mode denials.Mode, floor Floor, f facts) cache.Key {
	h := cache.NewHash("seccomp-shim compiled profile, format 3")
	h.Text("compiler", f.Compiler)
	h.Text("libseccomp", f.Libseccomp)
	h.Text("arch", f.Arch)
	h.Text("kernel", f.Kernel)
	h.Text("observed", string(mode))
	hashProfile(h, spec)
	if floor.Profile != nil {
		h.Text("floor", fmt.Sprint(floor.Trial))
		hashProfile(h, floor.Profile.Spec())
	}
	return h.Sum()
}

func hashProfile(h *cache.Hash, spec *specs.LinuxSeccomp) {
	h.Text("defaultAction", string(spec.DefaultAction))
	optional(h, "defaultErrnoRet", spec.DefaultErrnoRet)
	h.List("architectures", len(spec.Architectures))
	for _, arch := range spec.Architectures {
		h.Text("architecture", string(arch))
	}
	h.List("syscalls", len(spec.Syscalls))
	for i := range spec.Syscalls {
		hashRule(h, &spec.Syscalls[i])
	}
}

func hashRule(h *cache.Hash, rule *specs.LinuxSyscall) {
	h.List("names", len(rule.Names))
	for _, name := range rule.Names {
		h.Text("name", name)
	}
	h.Text("action", string(rule.Action))
	optional(h, "errnoRet", rule.ErrnoRet)
	h.List("args", len(rule.Args))
	for _, arg := range rule.Args {
		h.Number("index", uint64(arg.Index))
		h.Number("value", arg.Value)
		h.Number("valueTwo", arg.ValueTwo)
		h.Text("op", string(arg.Op))
	}
}

func optional(h *cache.Hash, name string, value *uint) {
	if value == nil {
		h.List(name, 0)
		return
	}
	h.List(name, 1)
	h.Number(name, uint64(*value))
}
