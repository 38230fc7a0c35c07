package config

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Format returns the version of the format of a file, 0 if it says none, and whether
// the file says anything at all.
func Format(text []byte) (version int, empty bool, err error) {
	d, err := parse(text)
	if err != nil {
		return 0, false, err
	}
	return d.format(), len(d.entries)+len(d.headers) == 0, nil
}

// Imports returns the files and patterns that a file imports.
func Imports(text []byte) ([]string, error) {
	d, err := parse(text)
	if err != nil {
		return nil, err
	}
	var all []string
	if imports := d.top("imports"); imports != nil {
		for _, e := range imports.elements {
			all = append(all, e.value)
		}
	}
	return all, nil
}

// Defines reports whether a file itself says anything about our handler.
func Defines(text []byte, v Version) bool {
	d, err := parse(text)
	if err != nil {
		return false
	}
	for _, prefix := range [][]string{runtimePath(v.Plugin(), Handler), runtimePath("io.containerd.grpc.v1.cri", Handler)} {
		within := func(key []string) bool {
			return len(key) >= len(prefix) && slices.Equal(key[:len(prefix)], prefix)
		}
		if slices.ContainsFunc(d.headers, func(h header) bool { return within(h.key) }) ||
			slices.ContainsFunc(d.entries, func(e entry) bool { return within(e.key) }) {
			return true
		}
	}
	return false
}

func runtimePath(plugin, name string) []string {
	return []string{"plugins", plugin, "containerd", "runtimes", name}
}

// WithVersion returns a text that says the version of its format, above all else.
func WithVersion(text []byte, version int) []byte {
	newline := (&document{text: text}).newline()
	return slices.Concat(fmt.Appendf(nil, "version = %d # %s%s", version, Mark, newline), text)
}

// WithImport returns the text with one more import: first in the array that there is,
// or in an array of its own below the version, or above all else.
func WithImport(text []byte, file string) ([]byte, error) {
	d, err := parse(text)
	if err != nil {
		return nil, err
	}
	quoted := strconv.Quote(file)
	if imports := d.top("imports"); imports != nil {
		return d.replace(span{imports.value.start, imports.value.start + 1}, "["+quoted+", "), nil
	}
	line := fmt.Sprintf("imports = [%s] # %s%s", quoted, Mark, d.newline())
	at := 0
	if version := d.top("version"); version != nil {
		if at = version.line.end; at == len(text) && !bytes.HasSuffix(text, []byte("\n")) {
			line = d.newline() + line
		}
	}
	return d.replace(span{at, at}, line), nil
}

// WithBlock returns the text with a block of lines at its end.
func WithBlock(text, block []byte) []byte {
	newline := (&document{text: text}).newline()
	out := bytes.Clone(text)
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
		out = append(out, newline...)
	}
	lines := strings.ReplaceAll(string(bytes.TrimRight(block, "\n")), "\n", newline)
	return append(out, strings.Join([]string{"# BEGIN " + Mark, lines, "# END " + Mark, ""}, newline)...)
}

var (
	ourBlock = regexp.MustCompile(`(?ms)^# BEGIN ` + Mark + `\r?$.*?^# END ` + Mark + `\r?(\n|\z)`)
	ourLine  = regexp.MustCompile(`(?m)^.* # ` + Mark + `\r?(\n|\z)`)
)

// Without returns the text without what was added to it. Other tools write config.toml
// again without comments and with other quotes, so an import is recognized by its value.
func Without(text []byte, file string) []byte {
	text = ourLine.ReplaceAll(ourBlock.ReplaceAll(text, nil), nil)
	d, err := parse(text)
	if err != nil {
		return text // which containerd refuses too, and says why
	}
	imports := d.top("imports")
	if imports == nil {
		return text
	}
	for _, e := range imports.elements {
		if e.value == file && file != "" {
			if comma := bytes.TrimLeft(text[e.end:], " \t\r\n"); bytes.HasPrefix(comma, []byte(",")) {
				e.end = len(text) - len(comma) + 1
				if e.end < len(text) && text[e.end] == ' ' {
					e.end++
				}
			}
			return d.replace(e.span, "")
		}
	}
	return text
}
