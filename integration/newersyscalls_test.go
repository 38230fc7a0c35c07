package integration

import (
	"os"
	"path/filepath"
	"testing"

	"seccomp-shim/integration/testbed"
)

// Syscalls that libseccomp 2.5 does not know are denied, also by conditions. Those that
// the profile allows reach the kernel.
func TestSyscallsNewerThanLibseccomp(t *testing.T) {
	t.Parallel()
	seal := call("mseal", 0, 0, 1) // it has no flags
	open, closed := call("cachestat", 1000, 0, 0, 0), call("cachestat", 1001, 0, 0, 0)
	modules, noModules := call("lsm_list_modules", 0, 0, 1), call("lsm_list_modules", 0, 0, 1<<32|1)
	steps := calls(seal, open, closed, modules, noModules)
	free := answers(execute(t, steps).stdout)
	if free[seal] == "ENOSYS" {
		t.Skip("this kernel has no mseal: Linux 6.10 has")
	}
	errno := func(fields string) string { return `{"action":"SCMP_ACT_ERRNO","errnoRet":71,` + fields + `}` }
	got := execute(t, steps, under(profile(t, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[`+
		errno(`"names":["mseal","statmount"]`)+","+
		errno(`"names":["cachestat"],"args":[{"index":0,"value":1001,"op":"SCMP_CMP_EQ"}]`)+","+
		errno(`"names":["lsm_list_modules"],"args":[{"index":2,"value":4294967295,"op":"SCMP_CMP_GT"}]`)+`]}`)))
	mustAnswer(t, "init", got.stdout, map[string]string{
		seal: "EPROTO", open: free[open], closed: "EPROTO", modules: free[modules], noModules: "EPROTO"})
	if free[open] == "ENOSYS" || free[modules] == "ENOSYS" {
		t.Errorf("the kernel that has mseal answers cachestat with %s and lsm_list_modules with %s", free[open], free[modules])
	}
}

// A profile that denies newer syscalls under a denying default action is enforced: the
// calls that it names fail as it says, and higher ones fail with ENOSYS.
func TestDeniedNewerSyscalls(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(testbed.ModuleRoot(), "seccomp/compile/testdata/deny-newer-syscalls.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := profile(t, string(text))
	action := uint(2) // the default's errno, which differs from ENOSYS
	p.DefaultErrnoRet = &action
	expected := []expectation{
		{call("mseal"), "EPERM"}, {call("statmount"), "EPERM"}, {call("listmount"), "EPERM"},
		{call("lsm_set_self_attr"), "EPERM"}, {call("open_tree_attr"), "EPERM"},
		{call("cachestat"), "ENOENT"}, {call("getpgid"), "ENOENT"},
		{call("file_getattr"), "ENOSYS"}, {call("rseq_slice_yield"), "ENOSYS"},
	}
	steps, want := split(expected)
	mustAnswer(t, "init", execute(t, calls(steps...), under(p)).stdout, want)
}
