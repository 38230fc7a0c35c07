package formats

import (
	"bytes"
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp"
)

// Write returns a profile in OCI's format.
func Write(p *seccomp.Profile) ([]byte, error) {
	spec := p.Spec()
	document := struct {
		*specs.LinuxSeccomp
		// An empty list is none, and an absent one is SPEC_ALLOW.
		Flags *[]specs.LinuxSeccompFlag `json:"flags,omitempty"`
	}{LinuxSeccomp: spec}
	if spec.Flags != nil {
		document.Flags = &spec.Flags
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return text.Bytes(), err
}
