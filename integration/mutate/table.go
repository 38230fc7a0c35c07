package main

import (
	"fmt"
	"strings"
)

// page is the page with the table, from the root of the sources.
const page = "docs/mutations.md"

// table returns the list in Markdown.
func table() string {
	var b strings.Builder
	b.WriteString("| mutation | in | then | caught by |\n| --- | --- | --- | --- |\n")
	for _, m := range all() {
		var tests []string
		for _, t := range m.tests {
			tests = append(tests, "`"+t.name+"` in "+t.folder)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m.name, m.file, m.breaks, strings.Join(tests, ", "))
	}
	return b.String()
}
