package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A library is C code that is linked in, as Debian or Ubuntu packages it.
type library struct {
	pkg, source, version string
}

// terms are the libraries' licences, by their source package.
var terms = map[string]string{
	"libseccomp": "LGPL-2.1-only",
	"glibc":      "LGPL-2.1-or-later",
	"gcc":        "GPL-3.0-or-later WITH GCC-exception-3.1",
}

func (r *request) addLibrary(value string) error {
	fields := strings.Split(value, "=")
	if len(fields) != 3 || fields[0] == "" || fields[1] == "" || fields[2] == "" {
		return fmt.Errorf("%q: must be package=source=version", value)
	}
	l := library{fields[0], fields[1], fields[2]}
	if l.licence() == "" {
		return fmt.Errorf("%q: the licence of %s is not known here", value, l.source)
	}
	r.libraries = append(r.libraries, l)
	return nil
}

// licence returns the terms of the library's source package. gcc-12 is gcc.
func (l library) licence() string {
	if name, _, found := strings.Cut(l.source, "-"); found && name == "gcc" {
		return terms[name]
	}
	return terms[l.source]
}

// part reads what the distribution says of the library's authors. libgcc's licence asks for
// nothing of programs that are compiled by gcc.
func (l library) part(distribution, root string) (part, error) {
	p := part{
		name: l.source, version: l.version, licence: l.licence(),
		purl: "pkg:deb/" + distribution + "/" + l.source + "@" + strings.ReplaceAll(l.version, "+", "%2B") + "?arch=source",
	}
	if strings.Contains(p.licence, "GCC-exception") {
		return p, nil
	}
	body, err := os.ReadFile(filepath.Join(root, "usr/share/doc", l.pkg, "copyright"))
	if err != nil {
		return part{}, err
	}
	p.texts = []text{{body: strings.TrimSpace(string(body)) + "\n"}}
	return p, nil
}
