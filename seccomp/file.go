package seccomp

import (
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// Parse reads a profile in the JSON form of OCI's linux.seccomp. A field that
// OCI does not define is an error, because dropping it may change what the
// profile means; "comment" is accepted, as Docker's and Podman's profiles have
// it. The error is an [*InvalidError].
func Parse(data []byte) (*Profile, error) {
	if err := CheckSize(int64(len(data))); err != nil {
		return nil, err
	}
	whole, err := checkSyntax(data)
	if err != nil {
		return nil, err
	}
	if err := noObject(whole); err != nil {
		return nil, err
	}
	if err := checkForm(data, profileForm); err != nil {
		return nil, err
	}
	var spec specs.LinuxSeccomp
	if err := json.Unmarshal(whole, &spec); err != nil {
		return nil, &InvalidError{Reason: mistake.JSON(whole, err)}
	}
	return New(&spec)
}
