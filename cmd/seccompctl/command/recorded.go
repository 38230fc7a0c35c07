package command

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"seccomp-shim/bpf"
	"seccomp-shim/cmd/seccompctl/owner"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/libseccomp"
)

// A recorded call is one that the kernel has recorded, with a counter.
type recorded struct {
	First      time.Time        `json:"first"`
	Last       time.Time        `json:"last"`
	Count      uint64           `json:"count"`
	Container  *owner.Container `json:"container,omitempty"`
	Unknown    string           `json:"unknown,omitempty"` // why there is no container
	PID        int              `json:"pid"`               // of the first such call, in the first pid namespace
	Thread     string           `json:"thread"`            // of the first such call
	Executable string           `json:"executable"`
	Syscall    string           `json:"syscall"`
	Number     uint32           `json:"number"`
	ABI        string           `json:"abi"`
	Answer     string           `json:"answer"`

	grown bool // it is in the tally's grown
}

func (c *recorded) name() string {
	if c.Container == nil {
		return "unknown"
	}
	return c.Container.Name()
}

// mostRecorded bounds the different calls, because a container can have any number of
// executables.
const mostRecorded = 4096

// An auditTally counts records.
type auditTally struct {
	calls     map[recordedKey]*recorded
	grown     []*recorded // whose counter has grown since takeGrown
	others    uint64      // records beyond mostRecorded different calls
	lost      lostRecords
	newLoss   bool   // lost has grown since it was written
	since     uint32 // what the kernel's queue had lost before
	daemon    uint32 // pid of the audit daemon, 0 if there is none or nobody knows
	statusErr error  // why the kernel's queue cannot be asked
}

// recordedKey is what makes two calls different.
type recordedKey struct {
	namespace, id, executable string
	arch                      bpf.Arch
	number                    uint32
	answer                    string
}

// add counts a record.
func (t *auditTally) add(r denials.Record, c *owner.Container, why error) {
	// The kernel records the action without its data: ERRNO without the number.
	answer, _, _ := strings.Cut(r.Action.String(), "(")
	key := recordedKey{executable: r.Executable, arch: r.Arch, number: r.Number, answer: answer}
	if c != nil {
		key.namespace, key.id = c.Namespace, c.ID
	}
	call := t.calls[key]
	if call == nil {
		if len(t.calls) >= mostRecorded {
			t.others++
			return
		}
		call = newRecorded(r, c, why)
		call.Answer = answer
		if t.calls == nil {
			t.calls = map[recordedKey]*recorded{}
		}
		t.calls[key] = call
	}
	call.Last = r.Time
	call.Count++
	if !call.grown {
		call.grown = true
		t.grown = append(t.grown, call)
	}
}

// takeGrown returns the calls whose counter has grown since it was called.
func (t *auditTally) takeGrown() []*recorded {
	grown := t.grown
	t.grown = nil
	for _, c := range grown {
		c.grown = false
	}
	return grown
}

func newRecorded(r denials.Record, c *owner.Container, why error) *recorded {
	call := &recorded{First: r.Time, Container: c, PID: r.PID, Thread: r.Thread, Executable: r.Executable, Number: r.Number}
	if why != nil {
		call.Unknown = why.Error()
	}
	if r.Executable == "(null)" { // a thread of the kernel
		call.Executable = ""
	}
	abi, name := libseccomp.Named(r.Arch, r.Number)
	call.ABI, call.Syscall = string(abi), name
	if name == "" {
		call.ABI, call.Syscall = r.Arch.String(), "syscall "+explain.SyscallNumber(r.Number)
	}
	return call
}

// sorted returns the calls, the last one at the end.
func (t *auditTally) sorted() []*recorded {
	all := make([]*recorded, 0, len(t.calls))
	for _, c := range t.calls {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *recorded) int {
		return cmp.Or(a.Last.Compare(b.Last), cmp.Compare(a.name(), b.name()), cmp.Compare(a.Executable, b.Executable),
			cmp.Compare(a.ABI, b.ABI), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Answer, b.Answer))
	})
	return all
}

// auditFormat is the version of the JSON document of audit.
const auditFormat = 1

// document is the JSON form.
func (t *auditTally) document() any {
	t.askKernel()
	return struct {
		Format int         `json:"format"`
		Calls  []*recorded `json:"calls"`
		Others uint64      `json:"others,omitempty"`
		Lost   lostRecords `json:"lost"`
		Daemon uint32      `json:"daemon,omitempty"` // pid of the audit daemon
	}{auditFormat, t.sorted(), t.others, t.lost, t.daemon}
}

// remarks says what the table cannot.
func (t *auditTally) remarks() (all []string) {
	t.askKernel()
	if t.others > 0 {
		all = append(all, fmt.Sprintf("%d records more, beyond %d different calls", t.others, mostRecorded))
	}
	reasons := map[string]bool{}
	for _, c := range t.calls {
		reasons[c.Unknown] = true
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		if reason != "" {
			all = append(all, "unknown container: "+reason)
		}
	}
	if t.daemon != 0 {
		all = append(all, fmt.Sprintf("an audit daemon runs (pid %d), so the kernel's log has no records: use --follow, or the daemon's log", t.daemon))
	}
	if t.lost != (lostRecords{}) {
		all = append(all, t.lost.String())
	}
	if len(all) == 0 && len(t.calls) == 0 {
		all = append(all, `the kernel's log has no record of seccomp: is audit off (audit=0), or is "log" not in /proc/sys/kernel/seccomp/actions_logged?`)
	}
	return all
}
