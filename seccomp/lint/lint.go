package lint

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/check"
	"seccomp-shim/seccomp/meaning"
)

// Profile returns the findings on a profile, warnings first. If compiled is nil, there are
// none of the compiler. The error is that of ctx.
func Profile(ctx context.Context, p *seccomp.Profile, m *meaning.Meaning, compiled *CompilerReport) ([]Finding, error) {
	spec := p.Spec()
	all := slices.Concat([]Finding{}, noExit(m), ambiguous(spec), constantConditions(spec, m), shadowed(m), leftOut(spec, m.Default),
		borders(spec, m), strongCalls(spec, m))
	proven, err := provenFindings(ctx, spec, m)
	if err != nil {
		return nil, err
	}
	all = append(all, proven...)
	if compiled != nil {
		all = append(all, misspelt(spec, m, compiled.Skipped)...)
		all = append(all, ByCompiler(*compiled)...)
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(b.Level, a.Level) })
	return all, nil
}

// tooComplex reports whether a proof has failed for the size of a syscall's rules alone.
func tooComplex(err error) bool { return errors.Is(err, check.ErrTooComplex) }
