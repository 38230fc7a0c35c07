package cache

import (
	"fmt"
	"testing"
)

// otherType is a type of field that has the same values as text, and no method yet.
const otherType = 'b'

// Each row's two lists would be one under a careless encoding.
func TestHashTellsApart(t *testing.T) {
	for _, row := range []struct {
		fact string
		a, b func(*Hash)
	}{
		{"where a name ends", func(h *Hash) { h.Text("ab", "c") }, func(h *Hash) { h.Text("a", "bc") }},
		{"where a value ends", func(h *Hash) { h.Text("a", "b"); h.Text("c", "d") }, func(h *Hash) { h.Text("a", "bcd") }},
		{"text and another type", func(h *Hash) { h.Text("a", "b") }, func(h *Hash) { h.field(otherType, "a", []byte("b")) }},
		{"a number and its bytes", func(h *Hash) { h.Number("a", 1) }, func(h *Hash) { h.field(otherType, "a", bigEndian(1)) }},
		{"a number and a list's length", func(h *Hash) { h.Number("a", 1) }, func(h *Hash) { h.List("a", 1) }},
		{"no field and an empty one", func(*Hash) {}, func(h *Hash) { h.Text("", "") }},
		{"the order", func(h *Hash) { h.Text("a", ""); h.Text("b", "") }, func(h *Hash) { h.Text("b", ""); h.Text("a", "") }},
		{"absent and zero", func(h *Hash) { h.List("errno", 0) }, func(h *Hash) { h.List("errno", 1); h.Number("errno", 0) }},
		{"{a b} {c} and {a} {b c}",
			func(h *Hash) { h.List("", 2); h.Text("", "a"); h.Text("", "b"); h.List("", 1); h.Text("", "c") },
			func(h *Hash) { h.List("", 1); h.Text("", "a"); h.List("", 2); h.Text("", "b"); h.Text("", "c") }},
		{"a value that imitates a field's end",
			func(h *Hash) { h.Text("a", ""); h.Text("", "") },
			func(h *Hash) { h.Text("a", "t\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00") }},
	} {
		t.Run(row.fact, func(t *testing.T) {
			a, b := NewHash("test"), NewHash("test")
			row.a(a)
			row.b(b)
			if a.Sum() == b.Sum() {
				t.Error("the same key")
			}
		})
	}
}

// All lists of up to two fields made of parts that resemble the encoding itself.
func TestHashOfAllSmallLists(t *testing.T) {
	type field struct {
		kind  byte
		name  string
		value string
	}
	parts := []string{"", "t", "tt", string(bigEndian(0)), string(bigEndian(1)), "t" + string(bigEndian(0))}
	var fields []field
	for _, kind := range []byte{textField, otherType} {
		for _, name := range parts {
			for _, value := range parts {
				fields = append(fields, field{kind, name, value})
			}
		}
	}
	seen := map[Key]string{}
	var add func(list []field)
	add = func(list []field) {
		h := NewHash("test")
		for _, f := range list {
			h.field(f.kind, f.name, []byte(f.value))
		}
		text := fmt.Sprintf("%q", list)
		if other, ok := seen[h.Sum()]; ok {
			t.Fatalf("one key for %s and %s", text, other)
		}
		seen[h.Sum()] = text
		if len(list) < 2 {
			for _, f := range fields {
				add(append(list[:len(list):len(list)], f))
			}
		}
	}
	add(nil)
	if want := 1 + len(fields) + len(fields)*len(fields); len(seen) != want {
		t.Errorf("%d keys, want %d", len(seen), want)
	}
}

// Processes of different builds share the disk: a key may only change when its
// domain does.
func TestHashIsStable(t *testing.T) {
	h := NewHash("test")
	h.field(otherType, "bytes", []byte{1})
	h.Text("text", "a")
	h.Number("number", 2)
	h.List("list", 3)
	const want = "de68663e55a17c79f8883c562664d7213f33b6908c330e64e34d2ce15114df2e"
	for range 2 { // Sum changes nothing
		if got := h.Sum().String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if NewHash("a").Sum() == NewHash("b").Sum() {
		t.Error("two domains, one key")
	}
}
