package installer

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"seccomp-shim/deploy/installer/config"
)

// addHandler writes the handler where this containerd reads it.
func (n *node) addHandler() error {
	installed := exists(n.record())
	if n.before.HasHandler() && !installed {
		n.say("kept the handler that %s has already", n.config)
		return nil
	}
	text, err := n.textWithoutUs(n.config)
	if err != nil {
		return err
	}
	if err := n.refuseOtherHandler(text); err != nil {
		return err
	}
	p, err := n.choosePlace()
	if err != nil {
		return err
	}
	table, err := n.chooseTable(text)
	if err != nil {
		return err
	}
	if !installed {
		if err := n.remember(p, table); err != nil {
			return err
		}
	}
	if p.dropIn == "" {
		return n.addBlock(p, text, table)
	}
	return n.addDropIn(p, text, table)
}

// refuseOtherHandler fails if another runtime has the name: containerd would merge the
// two handlers, or refuse both without naming them.
func (n *node) refuseOtherHandler(text []byte) error {
	kind, ok := n.before.RuntimeType()
	if !ok || kind == config.RuntimeType {
		return nil
	}
	where := fmt.Sprintf("%s: what it imports replaces the handler %q", n.config, config.Handler)
	if config.Defines(text, n.version) {
		where = fmt.Sprintf("%s has a handler %q already", n.config, config.Handler)
	}
	return fmt.Errorf("%s, with runtime_type %q instead of %q: remove that one, or give it another name", where, kind, config.RuntimeType)
}

// remember saves the present state, which uninstall restores.
func (n *node) remember(p place, table config.Table) error {
	old, err := os.ReadFile(p.edited)
	switch {
	case err == nil:
		err = n.journal.put(n.stateFile("config.toml"), old, 0o600) // it may have passwords
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err == nil {
		err = n.journal.put(n.stateFile("drop-in"), []byte(p.dropIn+"\n"), 0o644)
	}
	if err == nil {
		err = n.journal.put(n.record(), table.DropIn(), 0o644)
	}
	return err
}

// chooseTable returns the handler for this node, in the format of config.toml.
func (n *node) chooseTable(text []byte) (config.Table, error) {
	format, empty, err := config.Format(text)
	if err != nil {
		return config.Table{}, fmt.Errorf("%s: %w", n.config, err)
	}
	name := "seccomp-2.x.toml"
	switch {
	case format == 2, n.version.Major == 1 && empty: // also for 2.x, whose imports before 2.3 must have config.toml's format
		name = "seccomp-1.7.toml"
	case n.version.Major == 1:
		said := "missing"
		if format != 0 {
			said = fmt.Sprint(format)
		}
		return config.Table{}, fmt.Errorf("%s: version is %s, and must be 2 for a runtime handler", n.config, said)
	}
	source, err := os.ReadFile(filepath.Join(n.payload, name))
	if err != nil {
		return config.Table{}, err
	}
	return n.withFloor(config.NewTable(source, n.before.SystemdCgroup()))
}

// addDropIn writes the handler as a file of its own, and imports that if it is not
// imported yet. It keeps a file that a person has edited.
func (n *node) addDropIn(p place, text []byte, table config.Table) error {
	kept := false
	if old, err := os.ReadFile(p.dropIn); err == nil {
		record, _ := os.ReadFile(n.record()) // without a record the file is not ours
		kept = !bytes.Equal(old, record)
	}
	if kept {
		n.say("kept %s, which was edited", p.dropIn)
	} else if err := n.write(p.dropIn, table.DropIn()); err != nil {
		return err
	}
	proposals := [][]byte{text}
	if n.generator() == "" {
		imported := text
		if _, empty, _ := config.Format(text); empty { // chooseTable has read it without an error
			imported = config.WithVersion(text, 3)
		}
		imported, err := config.WithImport(imported, p.dropIn)
		if err != nil {
			return fmt.Errorf("%s: %w", n.config, err)
		}
		proposals = append(proposals, imported)
	}
	var refused error
	for _, proposal := range proposals {
		if refused = n.judge(proposal); refused == nil {
			if !kept {
				if err := n.journal.put(n.record(), table.DropIn(), 0o644); err != nil {
					return err
				}
			}
			return n.accept(n.config, proposal)
		}
	}
	return refused
}

// addBlock writes the handler into the edited file itself: into config.toml of
// containerd 1.x, where an import would replace all settings of the plugin, or into a
// template.
func (n *node) addBlock(p place, text []byte, table config.Table) error {
	handler := table
	if n.version.DropsOptions() {
		var options []byte
		handler, options = table.SplitOptions(n.optionsFile())
		if err := n.writeOptions(options); err != nil {
			return err
		}
	}
	if _, empty, _ := config.Format(text); empty { // chooseTable has read it without an error
		text = config.WithVersion(text, 2)
	}
	block := handler.Block()
	err := n.judge(config.WithBlock(text, block))
	if n.after != nil {
		// If config.toml names any runtime, containerd 1.x has no default one.
		runtimes, failed := n.before.RuntimeTables(n.after)
		if failed != nil {
			return failed
		}
		if len(runtimes) > 0 {
			block = append(append(bytes.Clone(block), "\n# What containerd had by default.\n"...), runtimes...)
			err = n.judge(config.WithBlock(text, block))
		}
	}
	if err != nil {
		return err
	}
	if err := n.journal.put(n.record(), table.DropIn(), 0o644); err != nil {
		return err
	}
	if p.edited != n.config {
		if text, err = n.textWithoutUs(p.edited); err != nil {
			return err
		}
	}
	return n.accept(p.edited, config.WithBlock(text, block))
}

// writeOptions writes the file of options, unless a person has edited it.
func (n *node) writeOptions(options []byte) error {
	file, record := n.optionsFile(), n.stateFile("seccomp-options.toml")
	if old, err := os.ReadFile(file); err == nil {
		if recorded, _ := os.ReadFile(record); !bytes.Equal(old, recorded) { // without a record the file is not ours
			n.say("kept %s, which was edited", file)
			return nil
		}
	}
	if err := n.journal.put(record, options, 0o644); err != nil {
		return err
	}
	return n.write(file, options)
}

// removeHandler restores the configuration without the handler, if the handler is ours.
func (n *node) removeHandler() error {
	if exists(n.record()) {
		if err := n.removeOurs(); err != nil {
			return err
		}
	}
	if _, ok := n.after.RuntimeType(); ok && n.after.HasHandler() {
		return fmt.Errorf("remove the handler %q from %s, or what it imports, first: it is not ours", config.Handler, n.config)
	}
	return nil
}

func (n *node) removeOurs() error {
	p, err := n.choosePlace()
	if err != nil {
		return err
	}
	if p.dropIn != "" {
		if err := n.journal.remove(p.dropIn); err != nil {
			return err
		}
	}
	if exists(n.stateFile("seccomp-options.toml")) {
		if err := n.journal.remove(n.optionsFile()); err != nil {
			return err
		}
	}
	judged, err := n.textWithoutUs(n.config)
	if err != nil {
		return err
	}
	if n.after, err = n.dumpText(judged); err != nil {
		return fmt.Errorf("containerd refuses %s without the handler: %w", n.config, err)
	}
	text, err := n.textWithoutUs(p.edited)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(n.stateFile("config.toml"))
	if errors.Is(err, fs.ErrNotExist) { // there was no such file before
		fresh, err := n.freshText(p.edited)
		if err == nil && sameText(text, fresh) {
			err = n.journal.remove(p.edited)
			if p.edited == n.config && err == nil {
				n.after, err = n.dump(n.config)
			}
			return err
		}
		old = text
	} else if err != nil {
		return err
	}
	if sameText(text, old) {
		text = old // its last line may have no line end
	}
	return n.accept(p.edited, text)
}

func sameText(a, b []byte) bool {
	return strings.TrimRight(string(a), "\r\n") == strings.TrimRight(string(b), "\r\n")
}
