package integration

import (
	"testing"
	"time"
)

// looping are rules that make libseccomp 2.5.0 to 2.6.1 loop, about a call that the
// kernel answers with ENOSYS.
const looping = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
	{"names":["afs_syscall"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[
		{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":18446744069414584320,"op":"SCMP_CMP_LE"}]},
	{"names":["afs_syscall"],"action":"SCMP_ACT_ERRNO","errnoRet":71,"args":[
		{"index":1,"value":5,"op":"SCMP_CMP_NE"},{"index":2,"value":2147483647,"op":"SCMP_CMP_LE"}]}]}`

// A profile that makes libseccomp loop is enforced as written. The create waits until
// the compiler has used two seconds of processor time, which takes longer beside other
// tests.
func TestLoopingProfile(t *testing.T) {
	t.Parallel()
	if len(known([]string{"afs_syscall"})) == 0 {
		t.Skip("this architecture has no afs_syscall")
	}
	steps, want := split([]expectation{
		{call("afs_syscall", 0, 4, 0), "EPROTO"},
		{call("afs_syscall", 0, 4, 0xffffffff_00000000), "EPROTO"},
		{call("afs_syscall", 0, 4, 0xffffffff_00000001), "ENOSYS"},
		{call("afs_syscall", 0, 5, 0), "ENOSYS"},
	})
	started := time.Now()
	got := execute(t, calls(steps...), under(profile(t, looping)))
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	mustAnswer(t, "init", got.stdout, want)
}
