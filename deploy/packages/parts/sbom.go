package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// writeSBOM writes the SBOM without fields that would differ between builds.
func writeSBOM(file, version string, at time.Time, parts []part, binaries []binary) error {
	bom := cdx.NewBOM()
	project := cdx.Component{
		BOMRef: "seccomp-shim", Type: cdx.ComponentTypeApplication, Name: "seccomp-shim", Version: version,
		Licenses: &cdx.Licenses{{Expression: apache}},
	}
	bom.Metadata = &cdx.Metadata{Timestamp: at.UTC().Format(time.RFC3339), Component: &project}
	var components []cdx.Component
	var refs []string
	var dependencies []cdx.Dependency
	for _, b := range binaries {
		c := cdx.Component{
			BOMRef: b.name, Type: cdx.ComponentTypeApplication, Name: b.name, Version: version,
			Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: b.sha256}},
			Properties: &[]cdx.Property{{Name: "GOARCH", Value: b.arch}},
		}
		var uses []string
		for _, i := range b.parts {
			uses = append(uses, parts[i].purl)
		}
		components = append(components, c)
		refs = append(refs, c.BOMRef)
		dependencies = append(dependencies, cdx.Dependency{Ref: c.BOMRef, Dependencies: &uses})
	}
	for _, p := range parts {
		c, err := p.component()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		components = append(components, c)
	}
	dependencies = append([]cdx.Dependency{{Ref: project.BOMRef, Dependencies: &refs}}, dependencies...)
	bom.Components, bom.Dependencies = &components, &dependencies

	var text bytes.Buffer
	encoder := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

func (p part) component() (cdx.Component, error) {
	c := cdx.Component{
		BOMRef: p.purl, Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version,
		PackageURL: p.purl, Licenses: &cdx.Licenses{{Expression: p.licence}},
	}
	if p.modified {
		c.Modified = &p.modified
		c.Pedigree = &cdx.Pedigree{Notes: "seccomp-shim changes a few lines of it, see its shim/patch"}
	}
	if p.sum == "" {
		return c, nil
	}
	// go.sum's h1 is a SHA-256 over the module's files.
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(p.sum, "h1:"))
	if err != nil {
		return cdx.Component{}, err
	}
	c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(raw)}}
	return c, nil
}
