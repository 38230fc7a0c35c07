package lint

import (
	"fmt"
	"slices"
	"strings"
)

// A gathering has each finding once that is the same for several syscalls, or on several
// ABIs, in the order in which they are found.
type gathering []*gathered

type gathered struct {
	Finding
	of []string // the syscalls or ABIs
}

// add adds findings for a syscall or on an ABI.
func (g *gathering) add(of string, found ...Finding) {
	for _, f := range found {
		i := slices.IndexFunc(*g, func(known *gathered) bool { return known.Finding == f })
		if i < 0 {
			i = len(*g)
			*g = append(*g, &gathered{Finding: f})
		}
		if known := (*g)[i]; !slices.Contains(known.of, of) {
			known.of = append(known.of, of)
		}
	}
}

// findings completes each text by the syscalls or ABIs.
func (g gathering) findings(form string) []Finding {
	var all []Finding
	for _, known := range g {
		f := known.Finding
		f.Text += fmt.Sprintf(form, strings.Join(known.of, ", "))
		all = append(all, f)
	}
	return all
}
