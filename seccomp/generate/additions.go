package generate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
)

// What a recording can lack although the program needs it.
var (
	always = Entry{
		Names:   []string{"exit", "exit_group", "restart_syscall", "rt_sigreturn"},
		Comment: "added: threads end and return from signals, perhaps only after the recording",
	}
	always32 = Entry{
		Names:   []string{"sigreturn"},
		Comment: "added: threads of 32-bit ABIs return from signals",
	}
	starting = Entry{
		Names:   []string{"execve"},
		Comment: "added: the runtime starts the program by it under the profile",
	}
	vdso = Entry{
		Names:   []string{"clock_getres", "clock_gettime", "getcpu", "getrandom", "gettimeofday", "time"},
		Comment: "added: functions of the vDSO, which become syscalls on a host where it cannot answer",
	}
	vdso32 = Entry{
		Names:   []string{"clock_getres_time64", "clock_gettime64"},
		Comment: "added: the same for 32-bit ABIs",
	}
)

// additions returns what was not recorded and belongs into each profile.
func (s *seen) additions() (all []Entry) {
	wanted := []Entry{always, starting, vdso}
	if s.abis[specs.ArchX86] || s.abis[specs.ArchARM] {
		wanted = append(wanted, always32, vdso32)
	}
	for _, entry := range wanted {
		entry.Names = slices.DeleteFunc(slices.Clone(entry.Names), func(name string) bool { return s.calls[name] != nil })
		if len(entry.Names) > 0 {
			all = append(all, entry)
		}
	}
	return all
}

// deniedEntries returns an entry for each syscall that containers were refused.
func deniedEntries(reports []*denials.Report) (all []Entry) {
	byName := map[string][]string{}
	for _, p := range Proposals(reports) {
		byName[p.Syscall] = append(byName[p.Syscall], p.Why)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		all = append(all, Entry{Names: []string{name}, Comment: "denied: " + mistake.Shorten(strings.Join(byName[name], "; "))})
	}
	return all
}

// A Proposal is a syscall that a container was refused, with who has asked for it.
type Proposal struct {
	Syscall string
	Why     string
}

// Proposals returns what a profile would have to allow for the containers of the reports.
// Calls that the C library only tries are left out.
func Proposals(reports []*denials.Report) (all []Proposal) {
	for _, r := range reports {
		for _, d := range r.Shown() {
			if !isName(d.Syscall) || d.LetThrough {
				continue // a number without a name, or a call that only a floor on trial refuses
			}
			why := fmt.Sprintf("%s ×%d, asked for by %s (%s of %s), %s by %s", d.Text, d.Count, mistake.Shown(executable(d)), d.Kind, mistake.Shown(r.Name()), d.Answer, d.Rule)
			all = append(all, Proposal{d.Syscall, mistake.Line(why)})
		}
	}
	slices.SortFunc(all, func(a, b Proposal) int { return strings.Compare(a.Syscall+a.Why, b.Syscall+b.Why) })
	return all
}

// isName reports whether a text is the name of a syscall.
func isName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// enosysAnswer is how the answer ENOSYS of a denial begins.
const enosysAnswer = "ERRNO(38 "

// missing returns the entry for calls that were refused with ENOSYS. The C library then falls
// back to older calls, which are recorded, and fails for another error.
func (s *seen) missing(denied []Entry) []Entry {
	names := slices.Sorted(maps.Keys(s.enosys))
	names = slices.DeleteFunc(names, func(name string) bool {
		isDenied := slices.ContainsFunc(denied, func(e Entry) bool { return slices.Contains(e.Names, name) })
		return s.calls[name] != nil || isDenied
	})
	if len(names) == 0 {
		return nil
	}
	enosys := uint(38)
	return []Entry{{Names: names, Errno: &enosys, Comment: "refused with ENOSYS while recorded: the program has used older calls instead"}}
}

func executable(d *denials.Denial) string {
	if d.Executable == "" {
		return "unknown"
	}
	return d.Executable
}
