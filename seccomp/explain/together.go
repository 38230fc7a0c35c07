package explain

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/seccomp/meaning"
)

// Together returns the answers of a profile together with a floor: see [meaning.Both]. Both
// explain the same syscall and arguments. A syscall that no table has stays as the profile
// explains it.
func Together(profile, floor *Explanation) *Explanation {
	both := *profile
	both.Answers = nil
	for _, p := range profile.Answers {
		if f, _ := floor.answerLike(p); !p.Unknown && len(p.Cases) > 0 {
			p.Cases = together(p.Cases, f)
		}
		both.Answers = append(both.Answers, p)
	}
	for _, f := range floor.Answers {
		if p, found := profile.answerLike(f); !found && !f.Unknown && len(f.Cases) > 0 {
			f.Cases, f.Ignored = together(p, f.Cases), nil
			both.Answers = append(both.Answers, f)
		}
	}
	both.Others = together([]Case{profile.Others}, []Case{floor.Others})[0]
	return &both
}

// answerLike returns the cases for the ABI and the number of another explanation's answer, or
// those for ABIs that this profile does not have.
func (e *Explanation) answerLike(other Answer) (_ []Case, found bool) {
	i := slices.IndexFunc(e.Answers, func(a Answer) bool {
		return a.ABI == other.ABI && a.Number == other.Number && a.Through == other.Through
	})
	if i < 0 {
		return []Case{e.Others}, false
	}
	return e.Answers[i].Cases, true
}

// together combines the cases of a profile and a floor in the order of [meaning.Both].
func together(profile, floor []Case) []Case {
	var all []Case
	for _, f := range floor {
		for _, p := range profile {
			conditions, possible := meaning.Conjunction(specsOf(f.If), specsOf(p.If))
			if !possible {
				continue
			}
			decided := p
			if _, fromFloor := meaning.Stricter(p.Action, f.Action); fromFloor {
				decided = f
				decided.Floor = true
			}
			decided.If = conditionsOf(conditions)
			all = append(all, decided)
		}
	}
	return withoutRepeats(all)
}

// withoutRepeats leaves out cases at the end that answer as the last one does, for the same
// reason.
func withoutRepeats(all []Case) []Case {
	for len(all) > 1 {
		last, before := all[len(all)-1], all[len(all)-2]
		if last.Action != before.Action || last.Why() != before.Why() {
			break
		}
		all = append(all[:len(all)-2], last)
	}
	return all
}

func specsOf(conditions []Condition) []specs.LinuxSeccompArg {
	var all []specs.LinuxSeccompArg
	for _, c := range conditions {
		all = append(all, specs.LinuxSeccompArg(c))
	}
	return all
}
