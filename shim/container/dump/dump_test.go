package dump

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// (That this is how CRIU writes images is tested with CRIU: TestRestore in
// integration.)
func TestFiltersOfThreads(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, "seccomp.img", markSeccomp, seccompOf(
		link{Filter{[]byte("first"), 0}, -1}, link{Filter{[]byte("second"), 2}, 0}, link{Filter{[]byte("other"), 0}, -1}))
	write(t, folder, "core-1.img", markCore, coreOf(1, 2, 1))
	write(t, folder, "core-2.img", markCore, coreOf(1, 2, 2))
	write(t, folder, "core-3.img", markCore, coreOf(1, 0, 0))
	write(t, folder, "core-4.img", markCore, coreOf(6, 0, 0)) // a zombie
	got, err := Threads(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"core-1.img": {"second", "first"}, "core-2.img": {"other"}, "core-3.img": {}}
	if len(got) != len(want) {
		t.Fatalf("%d threads: %v", len(got), got)
	}
	for _, thread := range got {
		names := want[thread.Image]
		if len(names) != len(thread.Filters) {
			t.Errorf("%s has %d filters, want %v", thread.Image, len(thread.Filters), names)
			continue
		}
		for i, name := range names {
			if string(thread.Filters[i].Program) != name {
				t.Errorf("%s: filter %d is %s, want %s", thread.Image, i, thread.Filters[i].Program, name)
			}
		}
	}
	if flags := got[0].Filters[0].Flags; flags != 2 {
		t.Errorf("flags are %d", flags)
	}
}

// What is not understood is an error, not a thread less.
func TestBrokenImages(t *testing.T) {
	core := image(markCore, coreOf(1, 2, 0))
	for fact, files := range map[string]map[string][]byte{
		"nothing":                      {},
		"no thread that lives":         {"core-1.img": image(markCore, coreOf(2, 0, 0))},
		"no filters":                   {"core-1.img": core},
		"a filter that is not there":   {"core-1.img": image(markCore, coreOf(1, 2, 7)), "seccomp.img": image(markSeccomp, seccompOf(link{Filter{[]byte("a"), 0}, -1}))},
		"filters that go round":        {"core-1.img": core, "seccomp.img": image(markSeccomp, seccompOf(link{Filter{[]byte("a"), 0}, 0}))},
		"another kind of image":        {"core-1.img": image(markSeccomp, coreOf(1, 2, 0))},
		"a core that is cut off":       {"core-1.img": core[:len(core)-1]},
		"more than one message":        {"core-1.img": append(core[:len(core):len(core)], 0)},
		"an empty file":                {"core-1.img": {}},
		"a core that is no message":    {"core-1.img": image(markCore, []byte{0xff, 0xff})},
		"filters that are no messages": {"core-1.img": core, "seccomp.img": image(markSeccomp, []byte{0x0a, 0x7f})},
	} {
		t.Run(fact, func(t *testing.T) {
			folder := t.TempDir()
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := Threads(folder); err == nil {
				t.Errorf("no error but %v", got)
			}
		})
	}
}

func write(t *testing.T, folder, name string, mark uint32, body []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), image(mark, body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func image(mark uint32, body []byte) []byte {
	raw := binary.LittleEndian.AppendUint32(nil, markCommon)
	raw = binary.LittleEndian.AppendUint32(raw, mark)
	return append(binary.LittleEndian.AppendUint32(raw, uint32(len(body))), body...)
}

func coreOf(state, mode, filter uint64) []byte {
	task := number(nil, 1, state)
	thread := number(number(nil, 11, mode), 12, filter)
	return sub(sub(number(nil, 1, 1), 3, task), 5, thread)
}

func seccompOf(links ...link) []byte {
	var body []byte
	for _, l := range links {
		one := sub(nil, 1, l.Program)
		if l.before >= 0 {
			one = number(one, 2, uint64(l.before))
		}
		body = sub(body, 1, number(one, 3, uint64(l.Flags)))
	}
	return body
}

func number(m []byte, field protowire.Number, value uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), value)
}

func sub(m []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), value)
}
