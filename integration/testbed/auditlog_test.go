package testbed

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seccomp/libseccomp-golang"
)

// logEnv makes the test binary load a filter that logs every call, and exit.
const logEnv = "TESTBED_LOG_CALLS"

// init makes the first thread TestMain's, which loads a filter for it. A test that changes
// its thread's namespaces cannot have it: /proc/self would be in them from then on.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	if os.Getenv(logEnv) != "" {
		filter, err := seccomp.NewFilter(seccomp.ActLog)
		if err == nil {
			err = filter.Load()
		}
		if err != nil {
			panic(err)
		}
		for range wantCalls {
			os.Getppid()
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestParseAuditLine(t *testing.T) {
	tests := []struct {
		name, line string
		want       AuditRecord
		not        bool
	}{
		{
			name: "the tutorial's, by syslog",
			line: `Jul 6 15:37:40 my-machine kernel: [369128.669452] audit: type=1326 audit(1594067860.484:14536): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=29064 comm="http-echo" exe="/http-echo" sig=0 arch=c000003e syscall=51 compat=0 ip=0x46fe1f code=0x7ffc0000`,
			want: AuditRecord{Pid: 29064, Comm: "http-echo", Exe: "/http-echo", Arch: 0xc000003e, Syscall: 51, Code: 0x7ffc0000},
		},
		{
			name: "killed, by /dev/kmsg",
			line: "5,97731,2088552196,-;audit: type=1326 audit(1795434399.935:227915): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=11586 comm=\"killit\" exe=\"/tmp/killit\" sig=31 arch=c000003e syscall=110 compat=0 ip=0x7f480ed734f7 code=0x80000000\n",
			want: AuditRecord{Pid: 11586, Comm: "killit", Exe: "/tmp/killit", Sig: 31, Arch: 0xc000003e, Syscall: 110, Code: 0x80000000},
		},
		{
			name: "names with a space",
			line: `audit: type=1326 audit(1795434394.535:227914): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=11308 comm=6C6F6720616C6C exe=2F746D702F6C6F6720616C6C sig=0 arch=c000003e syscall=231 compat=0 ip=0x7f6366891409 code=0x7ffc0000`,
			want: AuditRecord{Pid: 11308, Comm: "log all", Exe: "/tmp/log all", Arch: 0xc000003e, Syscall: 231, Code: 0x7ffc0000},
		},
		{
			name: "with a security module's subject, on arm64, without a program",
			line: `audit: type=1326 audit(1795434394.535:7): auid=1000 uid=1000 gid=1000 ses=3 subj=unconfined pid=7 comm="a=b" exe=(null) sig=0 arch=c00000b7 syscall=172 compat=0 ip=0xffff code=0x50001`,
			want: AuditRecord{Pid: 7, Comm: "a=b", Exe: "(null)", Arch: 0xc00000b7, Syscall: 172, Code: 0x50001},
		},
		{name: "another type", line: `audit: type=1325 audit(1594067860.484:1): table=filter family=2`, not: true},
		{name: "cut short", line: `audit: type=1326 audit(1594067860.484:1): auid=0 pid=1 comm="x" exe="/x" sig=0`, not: true},
		{name: "not a number", line: `audit: type=1326 audit(1.2:1): pid=x comm="x" exe="/x" sig=0 arch=c000003e syscall=1 code=0x0`, not: true},
		{name: "nothing", not: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := ParseAuditLine(test.line)
			if ok == test.not {
				t.Fatalf("accepted: %v", ok)
			}
			if test.not {
				return
			}
			if got.Line != strings.TrimSpace(test.line[strings.Index(test.line, "audit: "):]) {
				t.Errorf("line %q", got.Line)
			}
			got.Line = ""
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// wantCalls is far above the rate limit of printk, and small enough for the smallest
// usual kernel log (128 KiB).
const wantCalls = 300

// Each source delivers every record of a busy process, in order.
func TestAuditSources(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: audit records are for CAP_AUDIT_READ, the kernel log for CAP_SYSLOG")
	}
	sources := map[string]func() (*AuditLog, error){"chosen": OpenAuditLog, "kmsg": openKmsg}
	if inFirstNetworkNamespace() {
		sources["group"] = openAuditGroup
	}
	for name, open := range sources {
		t.Run(name, func(t *testing.T) {
			log, err := open()
			if err != nil {
				t.Skip(err)
			}
			defer func() {
				if err := log.Close(); err != nil {
					t.Error(err)
				}
			}()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), logEnv+"=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			records, err := log.Drain(500 * time.Millisecond)
			checkCalls(t, records, err, cmd.Process.Pid)
		})
	}
}

// checkCalls counts a process's calls of getppid. It skips the test if the kernel dropped
// records, because other processes of the machine made too many.
func checkCalls(t *testing.T, records []AuditRecord, err error, pid int) {
	t.Helper()
	if len(records) == 0 {
		t.Skip("the kernel logs nothing: audit is off, or an auditd takes what the kernel log would show")
	}
	getppid, nameErr := seccomp.GetSyscallFromName("getppid")
	if nameErr != nil {
		t.Fatal(nameErr)
	}
	count := 0
	for _, r := range records {
		if r.Pid == pid && r.Syscall == int(getppid) {
			count++
		}
	}
	if err != nil {
		t.Skipf("%v: %d of %d", err, count, wantCalls)
	}
	if count != wantCalls {
		t.Errorf("%d of %d calls", count, wantCalls)
	}
}
