package meaning

import (
	"slices"
	"testing"
)

func TestWays(t *testing.T) {
	for _, row := range []struct {
		fact, name string
		abi        *ABI
		want       []Way
	}{
		{"a number", "read", x8664, []Way{{Number: 0}}},
		{"a number and a multiplexer", "socket", i386, []Way{{Number: 359}, {102, "socketcall", 1}}},
		{"a multiplexer alone", "semop", i386, []Way{{117, "ipc", 1}}},
		{"the multiplexer itself", "ipc", i386, []Way{{Number: 117}}},
		{"no multiplexers", "socket", x8664, []Way{{Number: 41}}},
		{"no such syscall", "socketcall", x8664, nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if got := row.abi.Ways(row.name); !slices.Equal(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
