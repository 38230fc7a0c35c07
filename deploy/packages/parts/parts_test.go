package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// This is one of the modules of the test's own binary.
const module = "github.com/CycloneDX/cyclonedx-go"

func TestPartsOfABinary(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parts, binaries, err := linked([]string{self, self})
	if err != nil {
		t.Fatal(err)
	}
	if len(binaries) != 2 || len(binaries[0].parts) != len(parts) || len(binaries[1].parts) != len(parts) {
		t.Errorf("of two binaries that are alike: %d parts, %+v", len(parts), binaries)
	}
	var found bool
	for _, p := range parts {
		if p.licence == "" || len(p.texts) == 0 {
			t.Errorf("%s has no licence", p.name)
		}
		found = found || p.name == module && p.licence == apache && p.sum != ""
	}
	if !found {
		t.Errorf("%s is not among %+v", module, parts)
	}

	t.Setenv("SOURCE_DATE_EPOCH", "1795544273")
	asked := request{version: "v1.2.3", distribution: "debian", root: t.TempDir(), copyright: filepath.Join(t.TempDir(), "c"), sbom: filepath.Join(t.TempDir(), "s")}
	if err := asked.addLibrary("libx-dev=libseccomp=2.5.4-1+deb12u1"); err != nil {
		t.Fatal(err)
	}
	if err := asked.answer([]string{self}); err == nil || !strings.Contains(err.Error(), "libx-dev/copyright") {
		t.Errorf("a library without copyright file: %v", err)
	}
	doc := filepath.Join(asked.root, "usr/share/doc/libx-dev")
	if err := os.MkdirAll(doc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(doc, "copyright"), []byte("terms of libx"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := asked.answer([]string{self}); err != nil {
		t.Fatal(err)
	}
	checkCopyright(t, asked.copyright)
	checkSBOM(t, asked.sbom, len(parts)+1)
}

func checkCopyright(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"  " + module + " v", "  libseccomp 2.5.4-1+deb12u1: LGPL-2.1-only\n",
		"  apt-get source libseccomp=2.5.4-1+deb12u1\n", "Of libseccomp:\n\nterms of libx\n", "Copyright 2009 The Go Authors",
	} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("not once in the copyright file: %q", want)
		}
	}
}

func checkSBOM(t *testing.T, file string, parts int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(f, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if at := bom.Metadata.Timestamp; at != "2026-11-24T18:17:53Z" {
		t.Errorf("made at %s", at)
	}
	known := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		known[c.BOMRef] = true
	}
	if len(known) != 1+1+parts { // the project and its binary
		t.Errorf("%d components, with %d parts", len(known), parts)
	}
	if !known["pkg:deb/debian/libseccomp@2.5.4-1%2Bdeb12u1?arch=source"] {
		t.Errorf("libseccomp is not in %v", known)
	}
	for _, d := range *bom.Dependencies {
		for _, ref := range *d.Dependencies {
			if !known[ref] {
				t.Errorf("%s depends on %s, which is no component", d.Ref, ref)
			}
		}
	}
}

// What nobody has looked at does not pass.
func TestUnknownTermsAreRefused(t *testing.T) {
	var asked request
	for _, value := range []string{"libx-dev", "libx-dev=libx=1", "=libseccomp=1", "libseccomp-dev=libseccomp="} {
		if err := asked.addLibrary(value); err == nil {
			t.Errorf("%s is accepted", value)
		}
	}
	folder := t.TempDir()
	p := part{name: "x"}
	if err := p.read(folder); err == nil {
		t.Error("a module without a licence is accepted")
	}
	if err := os.WriteFile(filepath.Join(folder, "LICENSE"), []byte("Ask me first."), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.read(folder); err == nil || !strings.Contains(err.Error(), "LICENSE") {
		t.Errorf("an unknown licence: %v", err)
	}
}

func TestIdentify(t *testing.T) {
	for text, want := range map[string]string{
		"Apache License\n   Version 2.0, January 2004":                                   "Apache-2.0",
		"Redistributions in binary form must reproduce the above\nNeither the name of X": "BSD-3-Clause",
		"Redistributions in binary form must\nreproduce the above":                       "BSD-2-Clause",
		"All rights reserved": "",
	} {
		if got := strings.Join(identify(text), " "); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
