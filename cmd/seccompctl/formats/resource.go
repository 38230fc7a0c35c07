package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
)

const (
	operatorGroup = "security-profiles-operator.x-k8s.io/"
	operatorKind  = "SeccompProfile"
)

// kubernetesField matches the line of a resource in YAML, or the field of one in JSON, that
// no profile has.
var kubernetesField = regexp.MustCompile(`(?m)^(apiVersion|kind):|"(apiVersion|kind)"\s*:`)

func isResource(text []byte) bool { return kubernetesField.Match(text) }

// readResource reads a SeccompProfile resource in YAML or JSON. Its spec has OCI's fields,
// and some of the operator's own.
func readResource(text []byte) (*seccomp.Profile, error) {
	if err := seccomp.CheckSize(int64(len(text))); err != nil {
		return nil, err
	}
	document, err := onlyDocument(text)
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, fmt.Errorf("not YAML: %s", mistake.Shorten(strings.TrimPrefix(err.Error(), "yaml: ")))
	}
	var resource map[string]json.RawMessage
	if err := json.Unmarshal(asJSON, &resource); err != nil {
		return nil, errors.New(mistake.JSON(asJSON, err))
	}
	if err := checkResource(resource); err != nil {
		return nil, err
	}
	spec, err := profileOf(resource["spec"])
	if err != nil {
		return nil, err
	}
	p, err := seccomp.Parse(spec)
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	return p, nil
}

var separator = regexp.MustCompile(`(?m)^---([ \t].*)?$`)

// onlyDocument returns the only document of a YAML text that has more than comments.
func onlyDocument(text []byte) ([]byte, error) {
	var found [][]byte
	for _, document := range separator.Split(string(text), -1) {
		hasText := slices.ContainsFunc(strings.Split(document, "\n"), func(line string) bool {
			line = strings.TrimSpace(line)
			return line != "" && !strings.HasPrefix(line, "#")
		})
		if hasText {
			found = append(found, []byte(document))
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d YAML documents: one profile at a time", len(found))
	}
	return found[0], nil
}

// checkResource refuses what is no SeccompProfile, and unknown fields.
func checkResource(resource map[string]json.RawMessage) error {
	var kind, version string
	if json.Unmarshal(resource["kind"], &kind) != nil || json.Unmarshal(resource["apiVersion"], &version) != nil {
		return errors.New("kind and apiVersion must be strings")
	}
	if kind != operatorKind || !strings.HasPrefix(version, operatorGroup) {
		return fmt.Errorf("kind %s of %s: only a %s of %s has a seccomp profile",
			mistake.Quote(kind), mistake.Quote(version), operatorKind, strings.TrimSuffix(operatorGroup, "/"))
	}
	known := []string{"apiVersion", "kind", "metadata", "spec", "status"}
	for name := range resource {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown field %s%s", mistake.Quote(name), mistake.Meant(name, known...))
		}
	}
	if len(resource["spec"]) == 0 {
		return errors.New("spec: must be set")
	}
	return nil
}

// profileOf returns a resource's spec without the operator's fields. It refuses those that
// change what the profile means.
func profileOf(spec json.RawMessage) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(spec, &fields); err != nil {
		return nil, fmt.Errorf("spec: %s", mistake.JSON(spec, err))
	}
	lost := map[string]string{
		"baseProfileName": "the operator adds the rules of the profile with this name, which this file does not have: convert the profile that the operator wrote to the node",
		"disabled":        "the operator does not install this profile",
	}
	for _, name := range []string{"baseProfileName", "disabled"} {
		value := bytes.TrimSpace(fields[name])
		if len(value) > 0 && !slices.Contains([]string{`""`, "false", "null"}, string(value)) {
			return nil, fmt.Errorf("spec.%s: %s: %s", name, mistake.Shown(mistake.Shorten(string(value))), lost[name])
		}
		delete(fields, name)
	}
	return json.MarshalIndent(fields, "", "  ")
}
