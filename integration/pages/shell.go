package pages

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Shell is one bash in which the commands of a page run, as those of a reader do:
// a variable or a folder that one sets is there for the next.
type Shell struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// end is what the shell prints after a command.
const end = "=====END-OF-COMMAND====="

// NewShell starts cmd, which has to become a shell that reads commands from its
// standard input.
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

// Run runs a command. It fails if one of a block of kind sh does, or if what is
// printed, on either stream, is not what the page says. When ctx ends, so does
// the shell.
func (s *Shell) Run(ctx context.Context, c Command) error {
	stop := context.AfterFunc(ctx, func() { s.cmd.Process.Kill() })
	defer stop()
	mode := "set -e"
	if c.Output != nil {
		mode = "set +e" // a page may show an error
	}
	// A command's standard input is not the shell's, whose next commands are there.
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

// Close ends the shell, and all that a machine of it runs.
func (s *Shell) Close() error {
	s.in.Close()
	io.Copy(io.Discard, s.out)
	return s.cmd.Wait()
}
