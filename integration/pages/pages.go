// Package pages runs the commands of the pages for people.
//
// A page's fenced blocks of two kinds are run, in order, in one shell. The commands of a
// block marked sh must succeed. A block marked console has commands after "$ ", each
// followed by its output, in which a line "..." matches any lines. All other blocks show
// a file or a part of one.
//
// A comment on the line before a block says what is special about it:
//
//	<!-- file: PATH -->            the block must be a part of this file
//	<!-- needs: PROGRAM -->        it is run only where this program is there
//	<!-- not tested: REASON -->    it is not run
package pages

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Block is a fenced block of a page.
type Block struct {
	Line     int    // of its first line in the page, from 1
	Kind     string // sh, console, yaml, ...
	Text     string
	File     string // the file that it shows a part of; empty for none
	Needs    string // the program without which it is not run; empty for none
	Untested string // the reason why it is not run; empty for a block that is
}

var remark = regexp.MustCompile(`^<!-- (file|needs|not tested): (.+) -->$`)

// Read returns the blocks of a page in Markdown.
func Read(path string) ([]Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	var open *Block
	var next Block // what the comment says about the next block
	for i, line := range strings.Split(string(text), "\n") {
		kind, fence := strings.CutPrefix(line, "```")
		switch said := remark.FindStringSubmatch(line); {
		case open != nil && fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.Text += line + "\n"
		case fence:
			next.Line, next.Kind = i+2, kind
			open, next = new(next), Block{}
		case said != nil && said[1] == "file":
			next.File = said[2]
		case said != nil && said[1] == "needs":
			next.Needs = said[2]
		case said != nil:
			next.Untested = said[2]
		case line != "" && next != Block{}:
			return nil, fmt.Errorf("%s:%d: there is no block after the comment", path, i)
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: the block does not end", path, open.Line)
	}
	return blocks, nil
}

// Command is one of a page's commands, or all of a block marked sh.
type Command struct {
	Line   int
	Text   string
	Output *string // what it must print; nil for any output
}

// Commands returns the commands of the blocks, in order, on a machine that has these
// programs besides the usual ones. A block of an unknown kind is an error: it would not
// be tested.
func Commands(blocks []Block, programs ...string) ([]Command, error) {
	var commands []Command
	for _, b := range blocks {
		switch {
		case b.Untested != "" || b.Needs != "" && !slices.Contains(programs, b.Needs):
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

// console splits a block into commands and their output. A command continues after a
// backslash at the end of a line.
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

// Matches reports whether output is what the page shows.
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
