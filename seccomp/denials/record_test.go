package denials

import (
	"testing"
	"time"

	"seccomp-shim/bpf"
)

func TestParseRecord(t *testing.T) {
	const line = `6,1234,27294268458,-;audit: type=1326 audit(1795848622.202:63813): auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined ` +
		`pid=25084 comm="mini" exe="/bin/mini" sig=31 arch=c000003e syscall=1073741934 compat=1 ip=0x40105f code=0x80000000` + "\n"
	want := Record{Time: time.UnixMilli(1795848622202), Serial: 63813, PID: 25084, Thread: "mini", Executable: "/bin/mini", Signal: 31,
		Arch: bpf.ArchX86_64, Number: bpf.X32Bit | 110, Action: bpf.KillProcess}
	if got, ok := ParseRecord(line); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	const hostile = `audit: type=1326 audit(1.5:3): pid=7 comm=61207069643D31FF exe=(null) sig=0 arch=40000003 syscall=5 compat=1 ip=0x0 code=0x7ffc0000`
	got, ok := ParseRecord(hostile)
	if !ok || got.PID != 7 || got.Thread != "a pid=1�" || got.Executable != "(null)" || got.Arch != bpf.ArchI386 || got.Action != bpf.Log {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, other := range []string{
		"", "audit: type=1327 audit(1.5:3): pid=7", "audit: type=1326 audit(", "audit: type=1326 audit(x:3): pid=7", "audit: type=1326 audit(1.5:x): pid=7",
		`audit: type=1326 audit(1.5:3): pid=x comm="a" exe="b" sig=0 arch=40000003 syscall=5 code=0x0`,
		`audit: type=1326 audit(1.5:3): pid=7 comm="a" exe="b" sig=0 arch=40000003 syscall=5`,
	} {
		if got, ok := ParseRecord(other); ok {
			t.Errorf("%q: %+v", other, got)
		}
	}
}
