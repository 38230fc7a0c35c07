package integration

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// `ctr run` and `ctr task exec` with a terminal give a shell a terminal of the client's
// size, and end with the shell's exit code.
func TestTerminal(t *testing.T) {
	t.Parallel()
	t.Run("run", func(t *testing.T) {
		t.Parallel()
		converse(t, atTerminal(t, runArgs(newID(t), []string{"--rm", "-t"}, []string{"/bin/sh"})))
	})
	t.Run("exec", func(t *testing.T) {
		t.Parallel()
		id := newID(t)
		hold(t, id, nil)
		converse(t, atTerminal(t, execArgs(id, "e1", []string{"-t"}, []string{"/bin/sh"})))
	})
}

func converse(t *testing.T, tty *terminal) {
	t.Helper()
	// The expected text is not in what is typed, because the terminal echoes that.
	tty.write(t, "tty; [ -t 0 -a -t 1 -a -t 2 ] && echo all-$((1+2))\n")
	tty.shown.await(t, "all-3")
	if shown := tty.shown.String(); !strings.Contains(shown, "/dev/pts/") && !strings.Contains(shown, "/dev/console") {
		t.Errorf("no terminal has a name: %q", shown)
	}
	awaitSize(t, tty, "35 90")
	tty.resize(t, 71, 19)
	if err := tty.Signal(unix.SIGWINCH); err != nil {
		t.Fatal(err)
	}
	awaitSize(t, tty, "19 71")
	tty.write(t, "\x03") // Ctrl-C is for the shell's foreground process, not for ctr
	tty.write(t, "exit 5\n")
	if code := tty.exitCode(t); code != 5 {
		t.Errorf("exit code %d; the terminal shows %q", code, tty.shown.String())
	}
}

// awaitSize asks until the size has arrived. Clients send it after the start.
func awaitSize(t *testing.T, tty *terminal, size string) {
	t.Helper()
	asked := 0
	eventually(t, "the terminal's size is "+size, func() bool {
		if asked%20 == 0 {
			tty.write(t, "stty size\n")
		}
		asked++
		return strings.Contains(tty.shown.String(), size)
	})
}

// Output before the exit arrives, although the terminal closes with its process.
func TestTerminalOutputIsWhole(t *testing.T) {
	t.Parallel()
	id := newID(t)
	const lines = 20000
	tty := atTerminal(t, runArgs(id, []string{"--rm", "-t"}, sh("i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo last-$((3+4))")))
	if code := tty.exitCode(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	tty.shown.await(t, "last-7")
	if got := strings.Count(tty.shown.String(), "\n"); got != lines+1 {
		t.Errorf("%d lines of %d", got, lines+1)
	}
}
