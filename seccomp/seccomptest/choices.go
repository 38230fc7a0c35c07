// Package seccomptest is for tests of profiles: random values, and short helpers. It does
// not import package seccomp, so that the tests inside that package can use it, too.
package seccomptest

import "github.com/opencontainers/runtime-spec/specs-go"

// Choices turns bytes, random or from a fuzzer, into decisions. After the last byte all
// decisions are 0.
type Choices []byte

// UpTo chooses a number from 0 to n-1, for an n of at most 256.
func (c *Choices) UpTo(n int) int {
	if len(*c) == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return int(b) % n
}

// Pick chooses one of some values.
func Pick[T any](c *Choices, from []T) T { return from[c.UpTo(len(from))] }

// Halves are the upper and lower halves of arguments: edges of comparisons.
var Halves = []uint64{0, 1, 2, 3, 5, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}

// Wide chooses an argument whose halves are edges of comparisons.
func (c *Choices) Wide() uint64 { return Pick(c, Halves)<<32 | Pick(c, Halves) }

// Conditions chooses up to three conditions on arguments with some indexes.
func (c *Choices) Conditions(indexes []uint, operators []specs.LinuxSeccompOperator) []specs.LinuxSeccompArg {
	var all []specs.LinuxSeccompArg
	for range c.UpTo(4) {
		all = append(all, specs.LinuxSeccompArg{
			Index: Pick(c, indexes), Op: Pick(c, operators), Value: c.Wide(), ValueTwo: c.Wide(),
		})
	}
	return all
}
