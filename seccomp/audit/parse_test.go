package audit

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

const record = `audit(1795848622.202:63813): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=25084 comm=61207069643D31FF exe="/bin/mini" sig=0 ` +
	`arch=c000003e syscall=83 compat=0 ip=0x40105f code=0x7ffc0000`

func TestParseMessage(t *testing.T) {
	message := append(header(0, 1326, 0), record+"\x00"...)
	r := parseMessage(message).Record
	if r == nil || r.PID != 25084 || r.Thread != "a pid=1�" || r.Executable != "/bin/mini" || r.Number != 83 {
		t.Errorf("got %+v", r)
	}
	for _, other := range [][]byte{nil, message[:15], message[:40], append(header(0, 1326, 0), "hello"...)} {
		if got := parseMessage(other); got != (Entry{}) {
			t.Errorf("%q: %+v", other, got)
		}
	}
}

func TestParseLine(t *testing.T) {
	if r := parseLine("5,97731,2088552196,-;audit: type=1326 " + record + "\n").Record; r == nil || r.PID != 25084 {
		t.Errorf("got %+v", r)
	}
	for line, want := range map[string]uint64{
		"4,1,2,-;kauditd_printk_skb: 123 callbacks suppressed\n":       123,
		"4,1,2,-;kauditd_printk_skb: callbacks suppressed\n":           0,
		"4,1,2,-;kauditd_printk_skb: x callbacks suppressed\n":         0,
		"4,1,2,-;net_ratelimit: 123 callbacks suppressed\n":            0,
		"4,1,2,-;x: ;kauditd_printk_skb: -1 callbacks suppressed\n":    0,
		"5,1,2,-;audit: type=1325 audit(1.5:3): table=filter family=2": 0,
		"": 0,
	} {
		if got := parseLine(line); got.Suppressed != want || got.Record != nil {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestDropsOf(t *testing.T) {
	const table = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   3817       00000551 0        0        0     2        7        31338
0000000000000000 9   3817       00000001 0        0        0     2        42       31339
0000000000000000 9   0          00000000 0        0        0     2        1        5
`
	if got, err := dropsOf(table, 3817); err != nil || got != 42 {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := dropsOf(table, 1); err == nil {
		t.Errorf("a socket that is not there has %d", got)
	}
}

func TestParseStatus(t *testing.T) {
	body := make([]byte, 40)
	binary.NativeEndian.PutUint32(body[12:], 815)
	binary.NativeEndian.PutUint32(body[24:], 3)
	message := append(header(56, unix.AUDIT_GET, 0), body...)
	if got, err := parseStatus(message); err != nil || got != (Status{Daemon: 815, Lost: 3}) {
		t.Errorf("got %+v, %v", got, err)
	}
	refused := append(header(36, unix.NLMSG_ERROR, 0), binary.NativeEndian.AppendUint32(nil, ^uint32(unix.EPERM)+1)...)
	if _, err := parseStatus(refused); !errors.Is(err, unix.EPERM) {
		t.Errorf("got %v", err)
	}
	for _, bad := range [][]byte{nil, message[:16], message[:30], append(header(56, 7, 0), body...)} {
		if got, err := parseStatus(bad); err == nil {
			t.Errorf("%d bytes: %+v", len(bad), got)
		}
	}
}
