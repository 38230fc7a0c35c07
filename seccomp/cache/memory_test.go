package cache

import (
	"slices"
	"testing"
)

func TestMemory(t *testing.T) {
	for _, row := range []struct {
		fact  string
		limit Limit
		given func(*memory)
		want  []int // of the keys 0 to 9
	}{
		{"keeps what fits", Limit{3, 30}, puts(0, 1, 2), []int{0, 1, 2}},
		{"one entry too many", Limit{3, 100}, puts(0, 1, 2, 3), []int{1, 2, 3}},
		{"bytes too many", Limit{9, 29}, puts(0, 1, 2), []int{1, 2}},
		{"the used one stays", Limit{2, 100}, func(m *memory) { puts(0, 1)(m); m.get(numbered(0)); puts(2)(m) }, []int{0, 2}},
		{"put again counts once, and as used", Limit{2, 20}, puts(0, 1, 0, 2), []int{0, 2}},
		{"what is too large drives out nothing", Limit{9, 20}, func(m *memory) { puts(0, 1)(m); m.put(numbered(2), sized(21)) }, []int{0, 1}},
		{"what has become too large is gone", Limit{9, 20}, func(m *memory) { puts(0, 1)(m); m.put(numbered(0), sized(21)) }, []int{1}},
		{"removed", Limit{2, 20}, func(m *memory) { puts(0, 1)(m); m.remove(numbered(0)); puts(2)(m) }, []int{1, 2}},
		{"the zero limit", Limit{}, puts(0), nil},
	} {
		t.Run(row.fact, func(t *testing.T) {
			m := newMemory(row.limit)
			row.given(m)
			var got []int
			for n := range 10 {
				if _, ok := m.get(numbered(n)); ok {
					got = append(got, n)
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("keeps %v, want %v", got, row.want)
			}
			if m.bytes != int64(10*len(row.want)) || m.order.Len() != len(row.want) {
				t.Errorf("counts %d bytes of %d values", m.bytes, m.order.Len())
			}
		})
	}
}

func puts(numbers ...int) func(*memory) {
	return func(m *memory) {
		for _, n := range numbers {
			m.put(numbered(n), sized(10))
		}
	}
}
