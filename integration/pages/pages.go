// Package pages runs what the pages for people tell them to type.
//
// Of a page's fenced blocks, those marked sh are run, and must succeed; those
// marked console are commands after "$ ", each followed by what it prints, where
// a line "..." stands for any lines. All run in one shell, one after the other.
// A block with a comment <!-- not tested: REASON --> on the line before it is for
// another machine. Other blocks show a file, or a part of one: a comment
// <!-- file: PATH --> says which, and it must be so.
package pages

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Block is a fenced block of a page.
type Block struct {
	Line  int    // of its first line in the page, from 1
	Kind  string // sh, console, yaml, ...
	Text  string
	File  string // the file that it shows a part of; empty for none
	Needs string // why it is not tested; empty for a block that is
}

var remark = regexp.MustCompile(`^<!-- (file|not tested): (.+) -->$`)

// Read returns the blocks of a page in Markdown.
func Read(path string) ([]Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	var open *Block
	var file, needs string
	for i, line := range strings.Split(string(text), "\n") {
		kind, fence := strings.CutPrefix(line, "```")
		switch said := remark.FindStringSubmatch(line); {
		case open != nil && fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.Text += line + "\n"
		case fence:
			open = &Block{Line: i + 2, Kind: kind, File: file, Needs: needs}
			file, needs = "", ""
		case said != nil && said[1] == "file":
			file = said[2]
		case said != nil:
			needs = said[2]
		case line != "" && (file != "" || needs != ""):
			return nil, fmt.Errorf("%s:%d: there is no block after the comment", path, i)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: the block does not end", path, open.Line)
	}
	return blocks, nil
}

// Command is one of a page's commands, or several that are not told apart.
type Command struct {
	Line   int
	Text   string
	Output *string // what it prints, nil if the page does not say
}

// Commands returns what is to be run of the blocks, in order. Blocks of a kind
// that nobody knows are an error: they would go untested.
func Commands(blocks []Block) ([]Command, error) {
	var commands []Command
	for _, b := range blocks {
		switch {
		case b.Needs != "":
		case b.Kind == "sh":
			commands = append(commands, Command{Line: b.Line, Text: b.Text})
		case b.Kind == "console":
			found, err := b.console()
			if err != nil {
				return nil, err
			}
			commands = append(commands, found...)
		case b.File == "":
			return nil, fmt.Errorf("line %d: a block of %q is neither a command nor a part of a file", b.Line, b.Kind)
		}
	}
	return commands, nil
}

// console parts a block into commands, which may go on after a backslash, and
// their output.
func (b Block) console() ([]Command, error) {
	var commands []Command
	goesOn := false
	for i, line := range strings.SplitAfter(strings.TrimSuffix(b.Text, "\n"), "\n") {
		line = strings.TrimSuffix(line, "\n") + "\n"
		text, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case goesOn:
			commands[len(commands)-1].Text += line
		case prompt:
			commands = append(commands, Command{Line: b.Line + i, Text: text, Output: new(string)})
		case len(commands) == 0:
			return nil, fmt.Errorf("line %d: output before the first command", b.Line)
		default:
			*commands[len(commands)-1].Output += line
			continue
		}
		goesOn = strings.HasSuffix(line, "\\\n")
	}
	return commands, nil
}

// Matches reports whether output is what the page says.
func (c Command) Matches(output string) bool {
	if c.Output == nil {
		return true
	}
	var pattern strings.Builder
	for line := range strings.Lines(*c.Output) {
		if line == "...\n" {
			pattern.WriteString("(?:.*\n)*")
			continue
		}
		pattern.WriteString(regexp.QuoteMeta(line))
	}
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(output)
}
