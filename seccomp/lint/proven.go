package lint

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

// provenFindings finds what needs a proof: for each syscall whose arguments matter, the
// rules that decide no call, and arguments whose upper bits decide.
func provenFindings(ctx context.Context, spec *specs.LinuxSeccomp, m *meaning.Meaning) ([]Finding, error) {
	var rules, bits gathering
	var all []Finding
	for _, abi := range m.ABIs {
		for _, nr := range slices.Sorted(maps.Keys(abi.Rules)) {
			if len(abi.Rules[nr]) == 0 || len(abi.Rules[nr][0].Conditions) == 0 || abi.IsNew(nr) {
				continue
			}
			overruled, err := overruledRules(ctx, abi, nr)
			var upper []Finding
			if err == nil {
				upper, err = upperBits(ctx, spec, m, abi, nr)
			}
			if tooComplex(err) {
				all = append(all, Finding{Note, NotChecked, explain.Entries([]int{abi.Rules[nr][0].Source}),
					fmt.Sprintf("the rules for %s on %s are too many to be checked", abi.SyscallName(nr), abi.Name)})
				continue
			}
			if err != nil {
				return nil, err
			}
			rules.add(abi.SyscallName(nr), overruled...)
			bits.add(string(abi.Name), upper...)
		}
	}
	return append(all, slices.Concat(bits.findings(" (on %s)"), rules.findings(": %s"))...), nil
}
