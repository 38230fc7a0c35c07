package testbed

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// AuditRecord is the kernel's record of one system call on which a seccomp filter
// acted: AUDIT_SECCOMP (1326).
type AuditRecord struct {
	Pid     int    // process id (not thread id) in the first pid namespace
	Comm    string // name of the thread
	Exe     string // path of the program, as seen from its container
	Sig     int    // signal that the call leads to, 0 for none
	Arch    uint32 // AUDIT_ARCH_* of the call
	Syscall int    // number of the call on Arch
	Code    uint32 // SECCOMP_RET_*, the filter's answer
	Line    string // the record as it appears in the kernel's log
}

// auditPrefix begins an AUDIT_SECCOMP record in the kernel's log.
const auditPrefix = "audit: type=1326 "

// ParseAuditLine reads a line of the kernel's log, with or without a time or host
// before it. It returns false for lines without an AUDIT_SECCOMP record.
//
// The fields are those of audit_seccomp() in the kernel's auditsc.c. Names that a
// process can choose are quoted, or in hexadecimal if they contain a quote, a space or
// a control character.
func ParseAuditLine(line string) (AuditRecord, bool) {
	start := strings.Index(line, auditPrefix)
	if start < 0 {
		return AuditRecord{}, false
	}
	record := AuditRecord{Line: strings.TrimSpace(line[start:])}
	seen := 0
	for _, field := range strings.Fields(record.Line) {
		key, value, _ := strings.Cut(field, "=")
		if record.set(key, value) {
			seen++
		}
	}
	const wanted = 7
	return record, seen == wanted
}

// set stores a field, and reports whether it is a known one and well formed.
func (r *AuditRecord) set(key, value string) bool {
	var err error
	switch key {
	case "pid":
		r.Pid, err = strconv.Atoi(value)
	case "comm":
		r.Comm = auditString(value)
	case "exe":
		r.Exe = auditString(value)
	case "sig":
		r.Sig, err = strconv.Atoi(value)
	case "arch":
		r.Arch, err = auditHex(value)
	case "syscall":
		r.Syscall, err = strconv.Atoi(value)
	case "code":
		r.Code, err = auditHex(strings.TrimPrefix(value, "0x"))
	default:
		return false
	}
	return err == nil
}

func auditHex(value string) (uint32, error) {
	n, err := strconv.ParseUint(value, 16, 32)
	return uint32(n), err
}

// auditString undoes audit_log_untrustedstring(). It returns a value in neither form,
// such as (null), unchanged.
func auditString(value string) string {
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		return strings.TrimSuffix(inner, `"`)
	}
	if raw, err := hex.DecodeString(value); err == nil {
		return string(raw)
	}
	return value
}
