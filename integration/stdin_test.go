package integration

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"seccomp-shim/integration/testbed"
)

// piped runs a ctr with an input that ends as soon as ctr has read it.
func piped(t *testing.T, input io.Reader, args []string) testbed.Result {
	t.Helper()
	cmd := node.Command(bounded(t), args...)
	cmd.Stdin = input
	result, err := testbed.Run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// eachWay runs a test with `ctr run`, and with `ctr task exec` in an existing
// container. args returns the command line for one more process.
func eachWay(t *testing.T, test func(t *testing.T, args func(command []string) []string)) {
	t.Helper()
	t.Run("run", func(t *testing.T) {
		t.Parallel()
		test(t, func(command []string) []string { return runArgs(newID(t), []string{"--rm"}, command) })
	})
	t.Run("exec", func(t *testing.T) {
		t.Parallel()
		id := newID(t)
		hold(t, id, nil)
		test(t, func(command []string) []string {
			return execArgs(id, fmt.Sprintf("e%d", ids.Add(1)), nil, command)
		})
	})
}

// A process reaches the end of its input, however short or long the input is. ctr has
// read a short one before it knows the process that it asks for.
func TestPipedStdinEnds(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, args func([]string) []string) {
		for _, size := range []int{0, 4, 64 << 10, 1 << 20} {
			t.Run(fmt.Sprintf("%d bytes", size), func(t *testing.T) {
				t.Parallel()
				for range 10 {
					got := piped(t, bytes.NewReader(make([]byte, size)), args([]string{"/bin/wc", "-c"}))
					if want := (testbed.Result{Stdout: strconv.Itoa(size) + "\n"}); got != want {
						t.Fatalf("got %+v, want %+v", got, want)
					}
				}
			})
		}
	})
}

// A program that closes its stdin runs on while the client writes, and its exit code
// reaches the client.
func TestProgramClosesStdin(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, args func([]string) []string) {
		for _, row := range []struct {
			fact  string
			input func() io.Reader
		}{
			{"1 MiB", func() io.Reader { return bytes.NewReader(make([]byte, 1<<20)) }},
			{"endless", func() io.Reader { return endless{} }},
		} {
			t.Run(row.fact, func(t *testing.T) {
				t.Parallel()
				for range 8 {
					begin := time.Now()
					// After the first sleep ctr forwards signals, SIGPIPE included.
					got := piped(t, row.input(), args(sh("sleep 0.3; exec <&-; sleep 0.5; echo lives; exit 7")))
					if want := (testbed.Result{Stdout: "lives\n", ExitCode: 7}); got != want {
						t.Fatalf("got %+v, want %+v", got, want)
					}
					if took := time.Since(begin); took > testbed.Patient(10*time.Second) {
						t.Errorf("took %s", took)
					}
				}
			})
		}
	})
}

// endless is an input like the output of yes.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, "yes\n"), nil }

// The same with a terminal.
func TestProgramClosesTerminalsStdin(t *testing.T) {
	t.Parallel()
	id := newID(t)
	hold(t, id, nil)
	for range 8 {
		tty := atTerminal(t, execArgs(id, fmt.Sprintf("e%d", ids.Add(1)), []string{"-t"},
			sh("stty -echo; exec <&-; echo clo$((1+2))sed; sleep 0.5; echo li$((3+4))ves; exit 7")))
		tty.shown.await(t, "clo3sed")
		go func() { // more than the terminals and pipes hold; it ends with ctr
			for range 1 << 10 {
				if _, err := tty.Write([]byte(strings.Repeat("typed", 1<<8) + "\n")); err != nil {
					return
				}
			}
		}()
		if code := tty.exitCode(t); code != 7 {
			t.Errorf("exit code %d", code)
		}
		tty.shown.await(t, "li7ves")
		tty.Close()
	}
}
