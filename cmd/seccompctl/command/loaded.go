package command

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/spf13/cobra"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/meaning"
)

// A loaded profile is one of the command line, with its meaning here.
type loaded struct {
	profile *seccomp.Profile
	meaning *meaning.Meaning
	origin  string
	text    []byte            // of the file; nil if there is none
	file    *seccomp.Resolved // of the file; nil if there is none
	unknown []string          // names whose rules are left out, because nobody knows the syscall
	used    map[string]uint64 // of a recording: how often each syscall was made; nil for a profile
	facts   [][2]string       // about a recording: names and values
}

// loadMeaning loads a profile that a command does not compile. It refuses what cannot be left
// out of the meaning.
func (s *source) loadMeaning(cmd *cobra.Command, profile string) (*loaded, error) {
	l, err := s.load(cmd, profile)
	if err != nil {
		return nil, err
	}
	if l.unknown, err = compile.Unknown(l.profile); err != nil {
		return nil, l.at(err)
	}
	return l, nil
}

// field returns the field of the file that a field of the profile comes from: of a file in
// Docker's format, entries are left out.
func (l *loaded) field(of string) string {
	if l.file == nil || l.file.Entries == nil {
		return of
	}
	return entryNumbers.ReplaceAllStringFunc(of, func(numbers string) string {
		return digits.ReplaceAllStringFunc(numbers, func(number string) string {
			if i, err := strconv.Atoi(number); err == nil && i < len(l.file.Entries) {
				return strconv.Itoa(l.file.Entries[i])
			}
			return number
		})
	})
}

var (
	entryNumbers = regexp.MustCompile(`syscalls\[[-,0-9]+\]`)
	digits       = regexp.MustCompile(`\d+`)
)

// at returns an error with the file, and the line if the error names a field of it.
func (l *loaded) at(err error) error {
	var invalid *seccomp.InvalidError
	if errors.As(err, &invalid) && l.file != nil {
		ofFile := *invalid
		ofFile.Field = l.field(ofFile.Field)
		err = &ofFile
	}
	return inFile(l.origin, l.text, err)
}

// inFile returns an error of a profile with the name of its file, and the line if the text
// has several.
func inFile(name string, text []byte, err error) error {
	var invalid *seccomp.InvalidError
	if errors.As(err, &invalid) && len(text) > 0 {
		if line := invalid.Line(text); line > 1 {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
	return fmt.Errorf("%s: %w", name, err)
}
