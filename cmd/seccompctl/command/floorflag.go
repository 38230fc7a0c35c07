package command

import (
	"github.com/spf13/cobra"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/meaning"
)

// A floorFlag is the value of the flag --floor: the profile of the floor that holds together
// with the profile that is meant.
type floorFlag struct{ file string }

func (f *floorFlag) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "floor", "", "the file of a floor that holds too: see the handler's option floor")
}

// load returns the floor and its meaning. Without the flag both are zero.
func (f *floorFlag) load(cmd *cobra.Command) (compile.Floor, *loaded, error) {
	if f.file == "" {
		return compile.Floor{}, nil, nil
	}
	text, err := read(cmd.InOrStdin(), f.file, seccomp.MaxProfileBytes)
	if err != nil {
		return compile.Floor{}, nil, err
	}
	p, err := seccomp.Parse(text)
	if err != nil {
		return compile.Floor{}, nil, inFile(f.file, text, err)
	}
	floor := compile.Floor{Profile: p}
	m, err := compile.FloorMeaning(floor)
	if err != nil {
		return floor, nil, inFile(f.file, text, err)
	}
	return floor, &loaded{profile: p, meaning: m, origin: f.file}, nil
}

// over returns the observed form of a profile's meaning together with the floor.
func (f *floorFlag) over(cmd *cobra.Command, m *meaning.Meaning, mode denials.Mode) (meaning.Decider, error) {
	_, floor, err := f.load(cmd)
	if err != nil || floor == nil {
		return mode.Meaning(m), err
	}
	return meaning.Both{Profile: mode.Meaning(m), Floor: mode.Meaning(floor.meaning)}, nil
}
