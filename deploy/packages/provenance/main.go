// Command provenance writes how the files of a release were made: an in-toto statement
// (https://github.com/in-toto/attestation, Statement v1) with the predicate SLSA provenance v1.
//
// It is honest about the builder: `make release` runs on the machine of a person, who could have
// written anything here. What the statement is worth is the worth of the signature on SHA256SUMS,
// which covers it. A reader checks it by building again: the builds are reproducible.
//
// The statement has no times, because it must be the same in each build of a commit. What is linked
// into the binaries is in the SBOMs, which are subjects too.
//
// usage: go run ./deploy/packages/provenance -version V -commit HASH [-source URI] FILE...
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
)

// No name of the internet belongs to this project: RFC 6761, .invalid.
const (
	buildType = "https://seccomp-shim.invalid/make-release/v1"
	builder   = "https://seccomp-shim.invalid/a-persons-machine"
	unknown   = "https://seccomp-shim.invalid/source" // of a repository without a remote
)

var commitHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

type (
	statement struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     provenance `json:"predicate"`
	}
	resource struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest,omitempty"`
	}
	provenance struct {
		BuildDefinition definition `json:"buildDefinition"`
		RunDetails      details    `json:"runDetails"`
	}
	definition struct {
		BuildType            string            `json:"buildType"`
		ExternalParameters   map[string]string `json:"externalParameters"`
		ResolvedDependencies []resource        `json:"resolvedDependencies"`
	}
	details struct {
		Builder identity `json:"builder"`
	}
	identity struct {
		ID string `json:"id"`
	}
)

type request struct{ version, commit, source string }

func main() {
	var asked request
	flag.StringVar(&asked.version, "version", "", "the release's `version`")
	flag.StringVar(&asked.commit, "commit", "", "the source's `hash`")
	flag.StringVar(&asked.source, "source", unknown, "the source's `URI`")
	flag.Parse()
	text, err := asked.describe(flag.Args())
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "provenance:", err)
		os.Exit(1)
	}
}

// describe returns the statement about files.
func (r request) describe(files []string) ([]byte, error) {
	switch {
	case r.version == "" || len(files) == 0:
		return nil, errors.New("-version and files are needed")
	case !commitHash.MatchString(r.commit):
		return nil, fmt.Errorf("-commit %q: must be the hash of a commit", r.commit)
	}
	var subjects []resource
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		subjects = append(subjects, resource{Name: filepath.Base(file), Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
	}
	text, err := json.MarshalIndent(statement{
		Type:          "https://in-toto.io/Statement/v1",
		Subject:       subjects,
		PredicateType: "https://slsa.dev/provenance/v1",
		Predicate: provenance{
			BuildDefinition: definition{
				BuildType:          buildType,
				ExternalParameters: map[string]string{"command": "make release", "version": r.version},
				ResolvedDependencies: []resource{
					{URI: "git+" + r.source, Digest: map[string]string{"gitCommit": r.commit}},
					{URI: "pkg:generic/go@" + runtime.Version()},
				},
			},
			RunDetails: details{Builder: identity{ID: builder}},
		},
	}, "", "  ")
	return append(text, '\n'), err
}
