package integration

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"

	"seccomp-shim/integration/testbed"
)

// dialTo is the argument by which this binary connects to a socket, and reports whether
// the connection stays open.
const dialTo = "dial-to"

func runDialer(path string) int {
	conn, err := net.Dial("unix", path)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Second))
	if _, err := conn.Read(make([]byte, 1)); !os.IsTimeout(err) {
		fmt.Println("closed:", err)
		return 1
	}
	fmt.Println("kept")
	return 0
}

// A process that reaches a shim's socket is root on the host. In CVE-2020-15257 the
// socket had an abstract name, which every process of the network namespace reaches.
// This shim's socket has a path in a folder that only root can enter, with a mode for
// root only, and the shim asks the kernel for the uid of its clients.
func TestOnlyRootReachesShim(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	shim := shimOf(t, c.task.Pid())
	path := listening(t, shim)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode, owner := info.Mode().Perm(), info.Sys().(*syscall.Stat_t).Uid; mode != 0o600 || owner != 0 {
		t.Errorf("%s has the mode %o and the owner %d", path, mode, owner)
	}
	folder := filepath.Dir(path)
	if info, err = os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		t.Errorf("%s has the mode %o", folder, mode)
	}
	if got := dialAs(t, 0, path); got != "kept" {
		t.Errorf("root: %s", got)
	}
	if got := dialAs(t, 65534, path); !strings.Contains(got, "permission denied") {
		t.Errorf("another user: %s", got)
	}
	// The shim refuses others even if the modes let them connect.
	for file, mode := range map[string]os.FileMode{path: 0o666, folder: 0o755} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := dialAs(t, 65534, path); !strings.HasPrefix(got, "closed") {
		t.Errorf("another user whom the modes let through: %s", got)
	}
}

// listening returns the path of the one socket that a process listens on.
func listening(t *testing.T, pid int) string {
	t.Helper()
	own := strings.Join(links(t, pid), "\n") + "\n"
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) < 8 || !strings.Contains(own, "socket:["+f[6]+"]\n") {
			continue
		}
		if strings.HasPrefix(f[7], "@") {
			t.Errorf("an abstract socket: %s", f[7])
		}
		name = f[7]
	}
	if name == "" {
		t.Fatalf("process %d listens on no socket", pid)
	}
	return name
}

func dialAs(t *testing.T, uid uint32, path string) string {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", dialTo, path) // the folder of the binary may be closed to others
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, _ := cmd.CombinedOutput() // the text has the result
	return strings.TrimSpace(string(out))
}

// A program that the shim executes, such as a hook or a logging binary, inherits none
// of its descriptors.
func TestShimsDescriptorsEndAtExecve(t *testing.T) {
	t.Parallel()
	c := hold(t, newID(t), nil)
	shim := shimOf(t, c.task.Pid())
	for _, fd := range entries(t, shim, "fd") {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", shim, fd))
		if err != nil || len(fd) == 1 && fd <= "2" {
			continue
		}
		_, flags, _ := strings.Cut(string(text), "flags:\t")
		flags, _, _ = strings.Cut(flags, "\n")
		if bits, err := strconv.ParseUint(flags, 8, 64); err != nil || bits&unix.O_CLOEXEC == 0 {
			target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", shim, fd)) // it may be closed by now
			t.Errorf("descriptor %s (%s) is inherited", fd, target)
		}
	}
}

// A process that can write to its /proc/<pid>/exe has the host, because a later container
// would start from what it has written (CVE-2019-5736). libcontainer starts init from a
// sealed copy or a read-only view. Here another container, with all privileges, holds
// init's executable open until no process runs it, when the kernel's ETXTBSY no longer
// protects it, and then writes.
func TestContainerCannotWriteShim(t *testing.T) {
	t.Parallel()
	before := map[string][]byte{}
	for _, name := range []string{testbed.ShimBinary(runtimeName), initName} {
		content, err := os.ReadFile(filepath.Join(testbed.BinDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		before[name] = content
	}
	for _, row := range profiledOrNot {
		t.Run(row.fact, func(t *testing.T) {
			t.Parallel()
			victim, err := create(t, newID(t), calls("hold"), row.opts...)
			if err != nil {
				t.Fatal(err)
			}
			attacker := launch(t, newID(t), sh(`exec 9</proc/1/exe; echo open
while [ ! -e /proc/1/root/tmp/started ]; do sleep 0.01; done
(echo x >>/proc/1/exe) 2>&1; (echo x >>/proc/self/fd/9) && echo WROTE; echo tried; sleep 1000`),
				append([]oci.SpecOpts{oci.WithPrivileged, joinPids(victim)}, oci.WithNoNewPrivileges)...)
			attacker.stdout.await(t, "open")
			if err := victim.task.Start(bounded(t)); err != nil {
				t.Fatal(err)
			}
			victim.stdout.await(t, "waiting")
			if got := victim.exec(t, sh("echo >/tmp/started")); got.code != 0 {
				t.Fatalf("exec: %+v", got)
			}
			attacker.stdout.await(t, "tried")
			if text := attacker.stdout.String(); strings.Contains(text, "WROTE") {
				t.Errorf("the attacker says:\n%s", text)
			}
			// stderr comes by another way than stdout, sometimes later.
			if !testbed.HoldsWithin(patience, func() bool {
				text := attacker.stderr.String()
				return strings.Contains(text, "Read-only file system") || strings.Contains(text, "Operation not permitted")
			}) {
				t.Errorf("the write fails for another reason: %q", attacker.stderr.String())
			}
		})
	}
	t.Cleanup(func() {
		for name, content := range before {
			if after, err := os.ReadFile(filepath.Join(testbed.BinDir(), name)); err != nil || !bytes.Equal(content, after) {
				t.Errorf("%s was changed: %v", name, err)
			}
		}
	})
}

// profiledOrNot are the two ways to start a program: with a filter, by the load
// channel, and without.
var profiledOrNot = []struct {
	fact string
	opts []oci.SpecOpts
}{
	{"without a profile", nil},
	{"with a profile", []oci.SpecOpts{under(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow})}},
}

func joinPids(c *container) oci.SpecOpts {
	return oci.WithLinuxNamespace(specs.LinuxNamespace{Type: specs.PIDNamespace, Path: fmt.Sprintf("/proc/%d/ns/pid", c.task.Pid())})
}
