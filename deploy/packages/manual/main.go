// Command manual writes what is generated from seccompctl's commands: manual pages
// and completion for shells.
//
// usage: go run ./deploy/packages/manual FOLDER, which gets man/man1, bash, zsh, fish
//
// The pages' date is SOURCE_DATE_EPOCH.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"seccomp-shim/cmd/seccompctl/command"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: manual FOLDER")
		os.Exit(2)
	}
	if err := errors.Join(writePages(os.Args[1]), writeCompletions(os.Args[1])); err != nil {
		fmt.Fprintln(os.Stderr, "manual:", err)
		os.Exit(1)
	}
}

func writePages(folder string) error {
	for _, cmd := range withSubcommands(command.Root()) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		text, err := page(cmd)
		if err == nil {
			err = writeFile(filepath.Join(folder, "man", "man1", name), text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// withSubcommands returns a command and all below it.
func withSubcommands(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		all = append(all, withSubcommands(sub)...)
	}
	return all
}

// subcommands returns the section that lists a command's subcommands; empty if it has none.
func subcommands(cmd *cobra.Command) string {
	if !cmd.HasAvailableSubCommands() {
		return ""
	}
	text := ".SH COMMANDS\n"
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			page := strings.ReplaceAll(sub.CommandPath(), " ", "-")
			text += fmt.Sprintf(".TP\n.BR %s (1)\n%s.\n", strings.ReplaceAll(page, "-", `\-`), sub.Short)
		}
	}
	return text + "\n"
}

// exitStatus returns the section that the commands' own help does not have.
func exitStatus(cmd *cobra.Command) string {
	text := ".SH EXIT STATUS\n"
	for code, meaning := range command.ExitStatus(cmd) {
		text += fmt.Sprintf(".TP\n%d\n%s\n", code, meaning)
	}
	return text + "\n"
}

// page returns a command's manual page in the form of man(7).
func page(cmd *cobra.Command) ([]byte, error) {
	cmd.DisableAutoGenTag = true // it would be dated to the day
	// The library takes the text for Markdown, where these would be markup.
	cmd.DisableFlagsInUseLine = strings.Contains(cmd.Use, "[flags]")
	plain := strings.NewReplacer("_", `\_`, "*", `\*`, "<", `\<`, "[", `\[`, "]", `\]`)
	cmd.Use, cmd.Long = plain.Replace(cmd.Use), plain.Replace(cmd.Long)
	var text bytes.Buffer
	header := &doc.GenManHeader{Section: "1", Source: "seccomp-shim", Manual: "User Commands"}
	if err := doc.GenMan(cmd, header, &text); err != nil {
		return nil, err
	}
	before, after, found := bytes.Cut(text.Bytes(), []byte(".SH SEE ALSO\n"))
	if !found {
		return nil, fmt.Errorf("page of %s: no section SEE ALSO to put EXIT STATUS before", cmd.Name())
	}
	return fmt.Appendf(nil, "%s%s%s.SH SEE ALSO\n%s,\n.BR containerd\\-shim\\-seccomp\\-v1 (8)\n",
		before, subcommands(cmd), exitStatus(cmd), bytes.TrimSpace(after)), nil
}

// writeCompletions writes them under the names by which the shells look for them.
func writeCompletions(folder string) error {
	root := command.Root()
	for name, generate := range map[string]func(io.Writer) error{
		"bash/seccompctl":      func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"zsh/_seccompctl":      root.GenZshCompletion,
		"fish/seccompctl.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
	} {
		var text bytes.Buffer
		if err := generate(&text); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(folder, name), text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
