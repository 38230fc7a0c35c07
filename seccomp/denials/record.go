package denials

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"seccomp-shim/bpf"
)

// A Record is the kernel's record of a call on which a seccomp filter acted: AUDIT_SECCOMP
// (audit_seccomp, kernel/auditsc.c). It has no arguments.
type Record struct {
	Time       time.Time
	Serial     uint64 // of the record: later ones have higher numbers
	PID        int    // of the process, in the first pid namespace
	Thread     string
	Executable string
	Signal     int // that the call led to; 0 for none
	Arch       bpf.Arch
	Number     uint32
	Action     bpf.Action
}

// recordMark begins a record in the kernel's log.
const recordMark = "audit: type=1326 audit("

// ParseRecord reads a line of the kernel's log. It returns false for all other lines.
//
// A process can choose its names. The kernel quotes them, or writes them in hexadecimal if
// they have a quote, a space or a control character, so that they cannot forge a field.
func ParseRecord(line string) (Record, bool) {
	_, text, found := strings.Cut(line, recordMark)
	if !found {
		return Record{}, false
	}
	at, text, _ := strings.Cut(text, ":")
	serial, fields, found := strings.Cut(text, "):")
	seconds, err := strconv.ParseFloat(at, 64)
	n, serialErr := strconv.ParseUint(serial, 10, 64)
	if !found || err != nil || serialErr != nil {
		return Record{}, false
	}
	r := Record{Time: time.UnixMilli(int64(seconds * 1000)), Serial: n}
	seen := 0
	for field := range strings.FieldsSeq(fields) {
		key, value, _ := strings.Cut(field, "=")
		if r.set(key, value) {
			seen++
		}
	}
	const wanted = 7
	return r, seen == wanted
}

// set stores a field, and reports whether it is one of those that count.
func (r *Record) set(key, value string) bool {
	number := func(text string, base int) uint32 {
		n, err := strconv.ParseUint(text, base, 32)
		if err != nil {
			key = "" // malformed
		}
		return uint32(n)
	}
	switch key {
	case "pid":
		r.PID = int(number(value, 10))
	case "comm":
		r.Thread = untrusted(value)
	case "exe":
		r.Executable = untrusted(value)
	case "sig":
		r.Signal = int(number(value, 10))
	case "arch":
		r.Arch = bpf.Arch(number(value, 16))
	case "syscall":
		r.Number = number(value, 10)
	case "code":
		r.Action = bpf.Action(number(strings.TrimPrefix(value, "0x"), 16))
	default:
		return false
	}
	return key != ""
}

// untrusted undoes audit_log_untrustedstring.
func untrusted(value string) string {
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		return strings.TrimSuffix(inner, `"`)
	}
	if raw, err := hex.DecodeString(value); err == nil {
		return strings.ToValidUTF8(string(raw), "�")
	}
	return value
}
