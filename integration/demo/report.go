package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

const lineWidth = 78

// report prints a table of the scenes. Below it are the errors of containers that did not
// serve, and the calls that the kernel logged.
func report(w io.Writer, acts []act) {
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENE\tPROFILE NAMED BY\tEXPECTED\tSEEN\tOK")
	for _, a := range acts {
		ok := "yes"
		if a.differs != "" {
			ok = "NO: " + a.differs
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.scene.name, a.way.name, a.scene.want.text, a.summary(), ok)
	}
	table.Flush()

	for _, a := range acts {
		title := fmt.Sprintf("\n%s by %s", a.scene.name, a.way.name)
		if !a.seen.served {
			fmt.Fprintf(w, "%s said:\n%s", title, indent(errorText(a)))
		}
		if a.seen.served && a.scene.want.logged {
			fmt.Fprintf(w, "%s, by seccompctl audit --follow:\n", title)
			reportAudit(w, a)
		}
		if len(a.seen.left) > 0 {
			fmt.Fprintf(w, "%s left on the host:\n%s", title, indent(strings.Join(a.seen.left, "\n")))
		}
	}
}

func errorText(a act) string {
	if said := strings.TrimSpace(a.seen.result.Stderr); said != "" {
		return said
	}
	return fmt.Sprintf("(nothing; exit code %d)", a.seen.result.ExitCode)
}

// reportAudit prints the names of the recorded calls.
func reportAudit(w io.Writer, a act) {
	ours, runtimes := byProgram(a.seen.calls)
	if len(ours) == 0 {
		fmt.Fprint(w, indent("nothing: is the kernel's audit off (audit=0), or \"log\" not in\n"+
			"/proc/sys/kernel/seccomp/actions_logged?"))
		return
	}
	names := syscallNames(ours)
	fmt.Fprintf(w, "  %d calls, %d different, by %s:\n%s", count(ours), len(names), program, wrap(names))
	if len(runtimes) > 0 {
		names := syscallNames(runtimes)
		fmt.Fprintf(w, "  %d calls, %d different, by the runtime after it loaded the filter:\n%s",
			count(runtimes), len(names), wrap(names))
	}
	if a.seen.lost {
		fmt.Fprintln(w, "  and others that the kernel dropped")
	}
}

// wrap returns the words, separated by commas, in lines of at most lineWidth.
func wrap(words []string) string {
	var out strings.Builder
	line := "   "
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+1+len(word) > lineWidth {
			out.WriteString(line + "\n")
			line = "   "
		}
		line += " " + word
	}
	return out.String() + line + "\n"
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
