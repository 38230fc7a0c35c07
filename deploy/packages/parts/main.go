// Command parts lists what binaries are made of: the Go modules and the C libraries
// that are linked into them, as an SBOM for programs and as a copyright file for
// people. It reads both from the binaries themselves, so that neither can go stale.
//
// usage: go run ./deploy/packages/parts [flags] BINARY...
//
// The SBOM's time is SOURCE_DATE_EPOCH.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"
)

// A part is a work that is linked into a binary.
type part struct {
	name, version string
	purl          string // package URL
	licence       string // SPDX expression
	sum           string // go.sum's; none for what is no module, or modified
	modified      bool   // linked with changes that this project makes
	texts         []text // licences and notices that must go with copies
}

// A binary is a program with its parts, as indices of a list.
type binary struct {
	name, sha256, arch string
	cgo                bool // it has the C libraries
	parts              []int
}

func main() {
	var asked request
	flag.StringVar(&asked.version, "version", "", "the binaries' `version`")
	flag.StringVar(&asked.distribution, "distribution", "debian", "whose `name` package URLs of the libraries have")
	flag.StringVar(&asked.root, "root", "/", "`folder` with usr/share/doc of the libraries")
	flag.StringVar(&asked.copyright, "copyright", "", "`file` to write for people")
	flag.StringVar(&asked.sbom, "sbom", "", "`file` to write in CycloneDX's JSON")
	flag.Func("library", "a C library that is linked in, as Debian's `package=source=version`; may be repeated", asked.addLibrary)
	flag.Parse()
	if err := asked.answer(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "parts:", err)
		os.Exit(1)
	}
}

type request struct {
	version, root, distribution string
	copyright, sbom             string
	libraries                   []library
}

func (r *request) answer(files []string) error {
	if len(files) == 0 || r.version == "" {
		return errors.New("-version and binaries are needed")
	}
	epoch, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	parts, binaries, err := linked(files)
	if err != nil {
		return err
	}
	for _, l := range r.libraries {
		p, err := l.part(r.distribution, r.root)
		if err != nil {
			return err
		}
		for i := range binaries {
			if binaries[i].cgo {
				binaries[i].parts = append(binaries[i].parts, len(parts))
			}
		}
		parts = append(parts, p)
	}
	if r.copyright != "" {
		err = os.WriteFile(r.copyright, copyright(parts, r.libraries), 0o644)
	}
	if r.sbom != "" {
		err = errors.Join(err, writeSBOM(r.sbom, r.version, time.Unix(epoch, 0), parts, binaries))
	}
	return err
}

func sorted(set map[string]bool) []string {
	var names []string
	for name := range set {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
