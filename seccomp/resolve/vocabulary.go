package resolve

import (
	"fmt"
	"path/filepath"
	"strings"

	"seccomp-shim/mistake"
)

// A vocabulary has the names by which users ask for profiles in one place.
type vocabulary []profileName

// A profileName asks for a profile. Behind a name that ends in a slash stands a path.
type profileName struct {
	text   string
	source Source
}

var (
	names = vocabulary{
		{"RuntimeDefault", RuntimeDefault},
		{"Unconfined", Unconfined},
		{"Localhost/", Localhost},
	}
	alphaNames = vocabulary{
		{"runtime/default", RuntimeDefault},
		{"docker/default", RuntimeDefault},
		{"unconfined", Unconfined},
		{"localhost/", Localhost},
	}
)

// read returns the source that a value names, and the path of Localhost.
func (v vocabulary) read(value string) (source Source, path string, ok bool) {
	for _, n := range v {
		if n.source != Localhost && value == n.text {
			return n.source, "", true
		}
		if path, found := strings.CutPrefix(value, n.text); found && n.source == Localhost {
			return Localhost, path, true
		}
	}
	return Unconfined, "", false
}

// write returns a profile's name in this vocabulary.
func (v vocabulary) write(source Source, path string) string {
	for _, n := range v {
		if n.source == source {
			return n.text + path
		}
	}
	return ""
}

// String lists the names for messages.
func (v vocabulary) String() string {
	var forms []string
	for _, n := range v {
		form := n.text
		if n.source == Localhost {
			form += "<path>"
		}
		forms = append(forms, form)
	}
	last := len(forms) - 1
	return strings.Join(forms[:last], ", ") + " or " + forms[last]
}

// meant returns the end of a message: which name was probably meant by an unknown value,
// such as a name of the other vocabulary, a misspelt one or a path below the root.
func (v vocabulary) meant(value, root string) string {
	value = strings.TrimSpace(value)
	for _, other := range []vocabulary{names, alphaNames} {
		if source, path, ok := other.read(value); ok {
			return v.suggest(source, path)
		}
	}
	first, path, hasSlash := strings.Cut(value, "/")
	switch {
	case strings.EqualFold(first, "localhost") && hasSlash:
		return v.suggest(Localhost, path)
	case filepath.IsAbs(value):
		if below, err := filepath.Rel(root, value); err == nil && filepath.IsLocal(below) && below != "." {
			return v.suggest(Localhost, below)
		}
		return fmt.Sprintf("; paths start at the option profile_root, here %s", mistake.Quote(root))
	case strings.HasSuffix(value, ".json") && filepath.IsLocal(value):
		return v.suggest(Localhost, value)
	}
	for _, other := range []vocabulary{v, names, alphaNames} {
		for _, n := range other {
			if mistake.Near(value, n.text) != "" {
				return v.suggest(n.source, "")
			}
		}
	}
	return ""
}

func (v vocabulary) suggest(source Source, path string) string {
	if source == Localhost && path == "" {
		path = "<path>"
	}
	return fmt.Sprintf("; did you mean %s?", mistake.Quote(v.write(source, path)))
}
