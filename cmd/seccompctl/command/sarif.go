package command

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"seccomp-shim/seccomp/lint"
	"seccomp-shim/version"
)

// The objects of SARIF 2.1.0 (OASIS, sarif-v2.1.0) that a log of lint has, by the section of
// the standard.
type (
	sarifLog struct { // 3.13
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct { // 3.14
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
	}
	sarifInvocation struct { // 3.20
		Successful bool `json:"executionSuccessful"`
	}
	sarifTool struct { // 3.18
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct { // 3.19
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct { // 3.49
		ID    string    `json:"id"`
		Short sarifText `json:"shortDescription"`
	}
	sarifText struct { // 3.11, 3.12
		Text string `json:"text"`
	}
	sarifResult struct { // 3.27
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct { // 3.28
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct { // 3.29
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct { // 3.4
		URI string `json:"uri"`
	}
	sarifRegion struct { // 3.30
		StartLine int `json:"startLine"`
	}
)

const (
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifVersion = "2.1.0"

	// profileRefused is the rule of a profile that cannot be read or enforced.
	profileRefused = "profile-refused"
)

func writeSARIF(w io.Writer, all []linted) error {
	rules := []sarifRule{{profileRefused, sarifText{"A profile cannot be read, or cannot be enforced as it is written."}}}
	for _, topic := range lint.Topics {
		rules = append(rules, sarifRule{string(topic.Topic), sarifText{topic.About}})
	}
	run := sarifRun{Tool: sarifTool{sarifDriver{"seccompctl", version.String(), rules}}, Results: []sarifResult{}, ColumnKind: "utf16CodeUnits"}
	successful := true
	for _, one := range all {
		if one.err != nil {
			successful = false
			line, text := one.failure()
			run.Results = append(run.Results, newSARIFResult(rules, one, profileRefused, "error", line, text))
		}
		for _, f := range one.findings {
			run.Results = append(run.Results, newSARIFResult(rules, one, string(f.Topic), string(f.Level), one.line(f.Where), f.Where+": "+f.Text))
		}
	}
	run.Invocations = []sarifInvocation{{successful}}
	return writeJSON(w, sarifLog{sarifSchema, sarifVersion, []sarifRun{run}})
}

func newSARIFResult(rules []sarifRule, one linted, rule, level string, line int, text string) sarifResult {
	r := sarifResult{RuleID: rule, Level: level, Message: sarifText{text}}
	r.RuleIndex = slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == rule })
	if one.isFile {
		location := sarifLocation{sarifPhysical{Artifact: sarifArtifact{fileURI(one.name)}}}
		if line > 0 {
			location.Physical.Region = &sarifRegion{line}
		}
		r.Locations = []sarifLocation{location}
	}
	return r
}

// fileURI returns the URI of a file: that of a relative path is relative (3.10.2).
func fileURI(path string) string {
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(path))}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
