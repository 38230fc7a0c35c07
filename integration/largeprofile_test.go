package integration

import (
	"sync"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// A node starts many pods at once under a profile that no shim has compiled yet, and that is
// near the kernel's limit of 4,096 instructions. Each shim compiles it; all run under it.
func TestLargeProfileAtOnce(t *testing.T) {
	t.Parallel()
	const pods = 40
	ids := make([]string, pods)
	for i := range ids {
		ids[i] = newID(t)
	}
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			c := launch(t, id, []string{"/bin/sh", "-c", "busybox grep Seccomp_filters: /proc/self/status"}, under(largeProfile()))
			if got := c.end(t); got.code != 0 || got.stdout != "Seccomp_filters:\t1\n" {
				t.Errorf("%s: %+v", id, got)
			}
		})
	}
	all.Wait()
}

// largeProfile denies many values of an argument. Each takes four instructions.
func largeProfile() *specs.LinuxSeccomp {
	const values = 980
	p := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow}
	for value := range uint64(values) {
		p.Syscalls = append(p.Syscalls, specs.LinuxSyscall{
			Names: []string{"fchdir"}, Action: specs.ActErrno,
			Args: []specs.LinuxSeccompArg{{Index: 0, Op: specs.OpEqualTo, Value: value << 32}},
		})
	}
	return p
}
