package command

import (
	"fmt"
	"io"

	"seccomp-shim/mistake"
)

// writeLintText writes the findings of all profiles, with files and lines.
func writeLintText(w io.Writer, all []linted) error {
	t := table{{"PLACE", "LEVEL", "FINDING", "WHERE", "TEXT"}}
	for _, one := range all {
		for _, f := range one.findings {
			place := mistake.Shown(one.name)
			if line := one.line(f.Where); line > 0 {
				place += fmt.Sprintf(":%d", line)
			}
			t.row(place, string(f.Level), string(f.Topic), f.Where, f.Text)
		}
	}
	if len(t) == 1 {
		return nil
	}
	return t.write(w)
}

// lintFormat is the version of the JSON document of lint.
const lintFormat = 1

type findingDocument struct {
	Level string `json:"level"`
	Kind  string `json:"kind"`
	Where string `json:"where"`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text"`
}

func writeLintJSON(w io.Writer, all []linted) error {
	type profile struct {
		Profile  string            `json:"profile"`
		Error    string            `json:"error,omitempty"`
		Findings []findingDocument `json:"findings"`
	}
	profiles := []profile{}
	for _, one := range all {
		p := profile{Profile: one.name, Findings: []findingDocument{}}
		if one.err != nil {
			p.Error = one.err.Error()
		}
		for _, f := range one.findings {
			p.Findings = append(p.Findings, findingDocument{string(f.Level), string(f.Topic), f.Where, one.line(f.Where), f.Text})
		}
		profiles = append(profiles, p)
	}
	return writeJSON(w, struct {
		Format   int       `json:"format"`
		Profiles []profile `json:"profiles"`
	}{lintFormat, profiles})
}
