package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A text is a file that must go with copies of the work.
type text struct {
	licences []string // SPDX; none for a notice
	body     string
}

const apache = "Apache-2.0"

// marks are what only a licence's own text has.
var marks = []struct{ licence, phrase string }{
	{apache, "Apache License Version 2.0, January 2004"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"BSD-3-Clause", "Neither the name of"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
}

// read reads the licences of a module in its folder. One that is not known needs
// a person's eyes, so it is an error.
func (p *part) read(folder string) error {
	licences := map[string]bool{}
	for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
		files, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return err
		}
		for _, file := range files {
			if filepath.Ext(file) == ".docs" {
				continue // of documentation, which is not linked
			}
			body, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			t := text{body: strings.TrimSpace(string(body)) + "\n"}
			if !strings.HasPrefix(filepath.Base(file), "NOTICE") {
				t.licences = identify(t.body)
				if len(t.licences) == 0 {
					return fmt.Errorf("%s: not a licence that is known here", filepath.Base(file))
				}
			}
			for _, licence := range t.licences {
				licences[licence] = true
			}
			p.texts = append(p.texts, t)
		}
	}
	if len(licences) == 0 {
		return errors.New("no licence found")
	}
	p.licence = strings.Join(sorted(licences), " AND ")
	return nil
}

func identify(body string) (licences []string) {
	plain := strings.Join(strings.Fields(body), " ")
	for _, m := range marks {
		if !strings.Contains(plain, m.phrase) {
			continue
		}
		// The longer of the two has all of the shorter.
		if m.licence == "BSD-2-Clause" && strings.Contains(plain, "Neither the name of") {
			continue
		}
		licences = append(licences, m.licence)
	}
	return licences
}
