package pages

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Shell is one bash for all commands of a page, as a reader has: variables and the
// working directory stay from one command to the next.
type Shell struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// end is what the shell prints after a command.
const end = "=====END-OF-COMMAND====="

// NewShell starts cmd, which must become a shell that reads commands from its standard
// input.
func NewShell(cmd *exec.Cmd) (*Shell, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Shell{in: in, out: bufio.NewReader(out), cmd: cmd}, nil
}

// Run runs a command. It fails if a command of a block marked sh fails, or if the output
// on both streams is not what the page shows. When ctx ends, the shell is killed.
func (s *Shell) Run(ctx context.Context, c Command) error {
	stop := context.AfterFunc(ctx, func() { s.cmd.Process.Kill() })
	defer stop()
	mode := "set -e"
	if c.Output != nil {
		mode = "set +e" // a page may show an error
	}
	// The shell's standard input has the next commands, so a command gets an empty one.
	if _, err := fmt.Fprintf(s.in, "%s\n{\n%s\n} </dev/null 2>&1\necho %s\n", mode, strings.TrimSuffix(c.Text, "\n"), end); err != nil {
		return fmt.Errorf("line %d: %w", c.Line, err)
	}
	var output strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		before, ended := strings.CutSuffix(line, end+"\n")
		output.WriteString(before)
		switch {
		case err != nil:
			return fmt.Errorf("line %d: the shell ended (%w):\n%s%s", c.Line, err, c.Text, output.String())
		case !ended:
		case !c.Matches(output.String()):
			return fmt.Errorf("line %d: this is not what the page shows:\n%s%s", c.Line, c.Text, output.String())
		default:
			return nil
		}
	}
}

// Close ends the shell, and all processes of its machine.
func (s *Shell) Close() error {
	s.in.Close()
	io.Copy(io.Discard, s.out)
	return s.cmd.Wait()
}
