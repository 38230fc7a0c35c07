package meaning

import (
	"slices"
	"testing"
)

func TestRoutes(t *testing.T) {
	for _, row := range []struct {
		fact, name string
		abi        *ABI
		want       []Route
	}{
		{"a number", "read", x8664, []Route{{Number: 0}}},
		{"a number and a multiplexer", "socket", i386, []Route{{Number: 359}, {102, "socketcall", 1}}},
		{"a multiplexer alone", "semop", i386, []Route{{117, "ipc", 1}}},
		{"the multiplexer itself", "ipc", i386, []Route{{Number: 117}}},
		{"no multiplexers", "socket", x8664, []Route{{Number: 41}}},
		{"no such syscall", "socketcall", x8664, nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			if got := row.abi.Routes(row.name); !slices.Equal(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
