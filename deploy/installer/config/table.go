package config

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2"
)

// Table is a file of deploy/containerd: our handler, with its comments.
type Table struct{ text []byte }

// NewTable returns the handler of a file, with runc's value of SystemdCgroup. A text that
// is not TOML stays as it is: containerd refuses it, and says why.
func NewTable(text []byte, systemdCgroup bool) Table {
	d, err := parse(text)
	if err != nil {
		return Table{text}
	}
	for _, e := range d.entries {
		if e.key[len(e.key)-1] == "SystemdCgroup" {
			return Table{d.replace(e.value, strconv.FormatBool(systemdCgroup))}
		}
	}
	return Table{text}
}

// WithOption adds an option to the options, which are the last table.
func (t Table) WithOption(name, value string) Table {
	text := append(bytes.TrimRight(bytes.Clone(t.text), "\n"), '\n')
	return Table{fmt.Appendf(text, "    %s = %q\n", name, value)}
}

// DropIn is the whole file.
func (t Table) DropIn() []byte { return t.text }

// Block is what belongs into another file of the same version: all below the version.
func (t Table) Block() []byte {
	d, err := parse(t.text)
	if err != nil || d.top("version") == nil {
		return t.text
	}
	return t.text[d.top("version").line.end:]
}

// SplitOptions moves the options, which are the last table, into a file that the handler
// then names.
func (t Table) SplitOptions(file string) (Table, []byte) {
	d, err := parse(t.text)
	if err != nil || len(d.headers) == 0 || !slices.Contains(d.headers[len(d.headers)-1].key, "options") {
		return t, nil
	}
	at := d.headers[len(d.headers)-1].line.end
	var options []byte
	for line := range bytes.Lines(t.text[at:]) {
		options = append(options, bytes.TrimPrefix(line, []byte("    "))...)
	}
	rest := fmt.Appendf(bytes.Clone(t.text[:at]), "    # containerd 1.6 drops all options but this one.\n    ConfigPath = %q\n", file)
	return Table{rest}, options
}

// RuntimeTables returns the runtimes that after has no more, as tables. Once config.toml
// names any runtime, containerd 1.x has no default one.
func (e *Effective) RuntimeTables(after *Effective) ([]byte, error) {
	var out bytes.Buffer
	for _, name := range e.lostRuntimes(after) {
		runtime := maps.Clone(e.Runtime(name))
		maps.DeleteFunc(runtime, func(_ string, value any) bool { return isZero(value) }) // they go without saying; options do not
		if err := writeTable(&out, path("", runtimePath(e.plugin, name)...), runtime); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// writeTable writes a table with its own header alone: the headers of the tables around
// it may be in the file already, and may not be repeated.
func writeTable(out *bytes.Buffer, where string, table map[string]any) error {
	values := map[string]any{}
	for key, value := range table {
		if _, ok := value.(map[string]any); !ok {
			values[key] = value
		}
	}
	if len(values) > 0 {
		text, err := toml.Marshal(values)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n[%s]\n%s", where, text)
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if inner, ok := table[key].(map[string]any); ok {
			if err := writeTable(out, path(where, key), inner); err != nil {
				return err
			}
		}
	}
	return nil
}
