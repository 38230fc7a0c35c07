package seccomp

import (
	"encoding/json"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// Parse reads a profile in the JSON form of OCI's linux.seccomp, of at most
// [MaxProfileBytes]. A field that OCI does not define is an error, because without it the
// profile may mean something else; only "comment" is accepted, which profiles of Docker
// and Podman have. The error is an [*InvalidError].
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
