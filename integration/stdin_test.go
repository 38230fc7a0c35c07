package integration

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"testing"

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

// eachWay runs a test with `ctr run`, and with `ctr task exec` in a container that is
// there already. args returns the command line for one more process.
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

// A process comes to the end of its input, however short or long that is: ctr has read
// a short one before it has noted the process that it asks for.
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
