package command

import "strings"

// failures are those of several profiles, each with a line of its own.
type failures []error

// joined returns the errors that are not nil, or nil.
func joined(all ...error) error {
	var some failures
	for _, err := range all {
		if err != nil {
			some = append(some, err)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some
}

func (f failures) Error() string {
	var texts []string
	for _, err := range f {
		texts = append(texts, err.Error())
	}
	return strings.Join(texts, "; ")
}

func (f failures) Unwrap() []error { return f }

// each returns the errors that have lines of their own.
func each(err error) []error {
	if several, ok := err.(failures); ok {
		return several
	}
	return []error{err}
}
