package seccomp

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/mistake"
)

// ReadSpec decodes a container's OCI spec (config.json). The OCI spec demands that a
// condition in linux.seccomp has index and value. ReadSpec checks that, because
// encoding/json reads an absent one as 0, and the rule would be about another argument.
// Unknown fields are ignored, as the OCI spec demands too ("Extensibility").
func ReadSpec(config []byte) (*specs.Spec, error) {
	spec := &specs.Spec{}
	if err := json.Unmarshal(config, spec); err != nil {
		return nil, errors.New(mistake.JSON(config, err))
	}
	if !mayLack(spec) {
		return spec, nil
	}
	var written struct {
		Linux struct {
			Seccomp struct {
				Syscalls []struct {
					Args []struct{ Index, Value *uint64 }
				}
			}
		}
	}
	if err := json.Unmarshal(config, &written); err != nil {
		return nil, errors.New(mistake.JSON(config, err))
	}
	for i, rule := range written.Linux.Seccomp.Syscalls {
		for j, arg := range rule.Args {
			at := fmt.Sprintf("syscalls[%d].args[%d]", i, j)
			if arg.Index == nil {
				return nil, fmt.Errorf("linux.seccomp: %w", mustBeSet(at+".index"))
			}
			if arg.Value == nil {
				return nil, fmt.Errorf("linux.seccomp: %w", mustBeSet(at+".value"))
			}
		}
	}
	return spec, nil
}

// mayLack reports whether an index or a value is 0, and so possibly absent.
func mayLack(spec *specs.Spec) bool {
	if spec.Linux == nil || spec.Linux.Seccomp == nil {
		return false
	}
	for _, rule := range spec.Linux.Seccomp.Syscalls {
		for _, arg := range rule.Args {
			if arg.Index == 0 || arg.Value == 0 {
				return true
			}
		}
	}
	return false
}
