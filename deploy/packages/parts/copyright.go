package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

const introduction = `seccomp-shim

Copyright 2026 the authors of seccomp-shim

Licensed under the Apache License, version 2.0. On Debian systems it is in
/usr/share/common-licenses/Apache-2.0; other packages have it beside this file.

The programs are linked statically. These works are in them, each under its own terms,
which follow:

`

const relinking = `
Your rights under the GNU Lesser General Public License (on Debian systems in
/usr/share/common-licenses/LGPL-2.1; other packages have it beside this file): you may
change the libraries under it and link the programs with them again, and for that
purpose take the programs apart. All sources are public. Those of the libraries come by:

`

const relinkingHow = `
This project's are under the license above, and the Go modules are at the versions that
its go.mod and go.sum name. "make build" there links the libseccomp.a and libc.a of the
machine on which it runs.
`

// copyright lists the parts and their terms. Licences that every Debian system has
// are not written out.
func copyright(parts []part, libraries []library) []byte {
	var out bytes.Buffer
	out.WriteString(introduction)
	for _, p := range parts {
		modified := ""
		if p.modified {
			modified = ", modified by this project"
		}
		fmt.Fprintf(&out, "  %s %s: %s%s\n", p.name, p.version, p.licence, modified)
	}
	out.WriteString(relinking)
	for _, l := range libraries {
		if strings.HasPrefix(l.licence(), "LGPL") {
			fmt.Fprintf(&out, "  apt-get source %s=%s\n", l.source, l.version)
		}
	}
	out.WriteString(relinkingHow)
	for _, t := range distinct(parts) {
		fmt.Fprintf(&out, "\n%s\nOf %s:\n\n%s", strings.Repeat("-", 80), strings.Join(t.names, ", "), t.body)
	}
	return out.Bytes()
}

type shared struct {
	names []string
	body  string
}

// distinct returns each text once, with the names of those that have it.
func distinct(parts []part) []shared {
	var all []shared
	for _, p := range parts {
		for _, t := range p.texts {
			if slices.Equal(t.licences, []string{apache}) {
				continue
			}
			i := slices.IndexFunc(all, func(s shared) bool { return s.body == t.body })
			if i < 0 {
				i = len(all)
				all = append(all, shared{body: t.body})
			}
			all[i].names = append(all[i].names, p.name)
		}
	}
	return all
}
