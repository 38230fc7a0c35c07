package integration

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/opencontainers/runtime-spec/specs-go"
	"golang.org/x/sys/unix"
)

// A program that makes two system calls runs under a profile of these and
// execve, for every user: no other call of the runtime is under the profile.
// Had it one, it would fail or die.
func TestOnlyExecveIsUnderTheProfile(t *testing.T) {
	t.Parallel()
	for _, action := range []specs.LinuxSeccompAction{specs.ActErrno, specs.ActKillProcess} {
		for _, uid := range []uint32{0, 1000} {
			for _, capabilities := range [][]string{nil, {"CAP_SYS_ADMIN"}} {
				for _, nnp := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s, uid %d, %v, no_new_privs %v", action, uid, capabilities, nnp), func(t *testing.T) {
						t.Parallel()
						opts := []oci.SpecOpts{
							under(&specs.LinuxSeccomp{DefaultAction: action, Syscalls: []specs.LinuxSyscall{
								{Names: []string{"write", "exit_group", "execve"}, Action: specs.ActAllow}}}),
							oci.WithUserID(uid), oci.WithCapabilities(capabilities), oci.WithNewPrivileges,
						}
						if nnp {
							opts = append(opts, oci.WithNoNewPrivileges)
						}
						c := launch(t, newID(t), []string{"/bin/minimal", "and", "hold"}, opts...)
						c.stdout.await(t, "ran")
						for _, field := range []string{"CapEff", "CapPrm"} {
							got := statusField(t, c.task.Pid(), field)
							if admin := got == "0000000000200000"; admin != (capabilities != nil && uid == 0) || !admin && got != "0000000000000000" {
								t.Errorf("%s is %s", field, got)
							}
						}
						if got := c.exec(t, []string{"/bin/minimal"}); got.code != 7 || got.stdout != "ran\n" {
							t.Errorf("an exec: %+v", got)
						}
						third := c.exec(t, []string{"/bin/minimal", "more"})
						if died := third.code == diedOfSigsys; died != (action == specs.ActKillProcess) {
							t.Errorf("an exec that makes a third call: %+v", third)
						}
					})
				}
			}
		}
	}
}

// CAP_SYS_ADMIN, which a process keeps to load its filter, is in none of the program's
// sets. From the inheritable or the bounding set it would come back by a file's
// capabilities, or by an execve of root.
func TestKeptCapabilityIsGone(t *testing.T) {
	t.Parallel()
	const admin = 1 << unix.CAP_SYS_ADMIN
	for _, uid := range []uint32{0, 1000} {
		t.Run(fmt.Sprintf("uid %d", uid), func(t *testing.T) {
			t.Parallel()
			c := hold(t, newID(t), nil, under(&specs.LinuxSeccomp{DefaultAction: specs.ActAllow}),
				oci.WithUserID(uid), oci.WithCapabilities([]string{"CAP_CHOWN"}), oci.WithNewPrivileges)
			for who, pid := range map[string]uint32{"init": c.task.Pid(), "an exec": c.holdExec(t)} {
				for _, set := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
					bits, err := strconv.ParseUint(statusField(t, pid, set), 16, 64)
					if err != nil || bits&admin != 0 {
						t.Errorf("%s: %s is %x, %v", who, set, bits, err)
					}
				}
			}
		})
	}
}
