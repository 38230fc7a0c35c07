package denials

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"seccomp-shim/mistake"
)

// MaxMessage is the longest termination message in bytes. The kubelet shows 4,096.
const MaxMessage = 1 << 10

// Sigsys is the exit status of a process that SIGSYS has killed.
const Sigsys = 128 + 31

// Message returns the termination message of a container that has ended as the report says,
// or "" if there is nothing to say: it ended well, or no call of its first process and of
// that one's descendants was refused.
func (r *Report) Message() string {
	if r.Mode != Enforcing || r.Ended == nil || r.Ended.Status == 0 {
		return ""
	}
	refused := slices.DeleteFunc(r.Shown(), func(d *Denial) bool { return d.LetThrough || d.Kind == Exec || d.Killed && d.Kind == Init })
	var text strings.Builder
	if r.Ended.Status == Sigsys {
		text.WriteString(r.killed())
	}
	if len(refused) > 0 {
		fmt.Fprintf(&text, "the %s refused:\n", mistake.Line(r.Profile))
	}
	// The last refusal is the likeliest reason for the end.
	slices.SortStableFunc(refused, func(a, b *Denial) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(b.Count, a.Count)) })
	for i, d := range refused {
		line := d.Line() + "\n"
		rest := fmt.Sprintf("and %d other calls\n", len(refused)-i)
		if text.Len()+len(line)+len(rest) > MaxMessage {
			text.WriteString(rest)
			break
		}
		text.WriteString(line)
	}
	return cut(strings.TrimSuffix(text.String(), "\n"))
}

// killed says which call has killed the first process, or "" if that was its child.
func (r *Report) killed() string {
	profile := mistake.Line(r.Profile)
	for _, d := range r.Denials {
		if d.Killed && d.Kind == Init {
			return fmt.Sprintf("killed by SIGSYS: the %s answers %s with %s, by %s\n", profile, d.Text, d.Answer, d.Rule)
		}
	}
	if slices.ContainsFunc(r.Denials, func(d *Denial) bool { return d.Killed && d.Kind == Descendant }) {
		return "" // a shell exits as its child did; what has killed the child is among the refused calls
	}
	text := fmt.Sprintf("killed by SIGSYS: the %s answers a call of the container with KILL or TRAP", profile)
	if r.Ended.Unnamed != "" {
		text += "; which one is not known: " + mistake.Line(r.Ended.Unnamed)
	}
	return text + "\n"
}

// cut returns as much of a text as a message may have, in whole characters.
func cut(text string) string {
	if len(text) <= MaxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:MaxMessage], "")
}

// Line is about one denial, for people.
func (d *Denial) Line() string {
	line := fmt.Sprintf("%s ×%d: %s by %s", d.Text, d.Count, d.Answer, d.Rule)
	if d.LetThrough {
		line += ", let through (trial)"
	}
	if d.Executable != "" {
		line += ", in " + mistake.Shown(d.Executable)
	}
	return line
}
