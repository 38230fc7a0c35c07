package dump

import (
	"encoding/binary"
	"io/fs"
	"slices"
	"testing"

	criu "github.com/checkpoint-restore/go-criu/v8/crit/images/criu-core"
	"github.com/checkpoint-restore/go-criu/v8/crit/images/pstree"
	"github.com/checkpoint-restore/go-criu/v8/crit/images/seccomp"
	"google.golang.org/protobuf/proto"
)

// The reader agrees with go-criu's generated types, which read as CRIU does, on each
// checkpoint that it accepts. Most of the seeds are hostile.
func FuzzThreads(f *testing.F) {
	for _, row := range hostile() {
		f.Add(row.files["pstree.img"], row.files["core-1.img"], row.files["core-2.img"], row.files["core-99999.img"], row.files["seccomp.img"])
	}
	f.Add(image(markTree, processOf(1, 1, 2), processOf(99999)), image(markCore, coreOf(1, 2, 0)),
		image(markCore, threadOf(2, 1)), image(markCore, coreOf(2, 0, 0)),
		image(markSeccomp, seccompOf(link{SavedFilter{[]byte("a"), 0}, -1}, link{SavedFilter{[]byte("b"), 2}, 0})))
	f.Fuzz(func(t *testing.T, tree, first, second, last, filters []byte) {
		checkpoint := images(map[string][]byte{
			"pstree.img": tree, "core-1.img": first, "core-2.img": second, "core-99999.img": last, "seccomp.img": filters,
		})
		got, err := Threads(checkpoint)
		if err != nil {
			return
		}
		if want := asGenerated(t, checkpoint); !slices.EqualFunc(got, want, sameThread) {
			t.Errorf("got  %v,\nwant %v", got, want)
		}
	})
}

func sameThread(a, b Thread) bool {
	return a.Image == b.Image && slices.EqualFunc(a.Filters, b.Filters, func(a, b SavedFilter) bool {
		return string(a.Program) == string(b.Program) && a.Flags == b.Flags
	})
}

// asGenerated reads a checkpoint in CRIU's way, with the generated types.
func asGenerated(t *testing.T, images fs.FS) []Thread {
	t.Helper()
	var all seccomp.SeccompEntry
	var threads []Thread
	for _, raw := range bodies(t, images, treeImage) {
		var p pstree.PstreeEntry
		unmarshal(t, raw, &p)
		first := coreEntry(t, images, p.GetPid())
		if first.GetTc().GetTaskState() == stateDead {
			continue
		}
		var own []SavedFilter
		for _, id := range p.GetThreads() {
			one := coreEntry(t, images, id).GetThreadCore()
			if first.GetTc().OldSeccompMode != nil || first.GetTc().OldSeccompFilter != nil {
				t.Error("a process's mode or filter is accepted")
			}
			thread := Thread{Image: coreName(id)}
			if one.GetSeccompMode() == criu.SeccompMode_filter {
				unmarshal(t, bodies(t, images, "seccomp.img")[0], &all)
				for f := all.SeccompFilters[one.GetSeccompFilter()]; ; f = all.SeccompFilters[f.GetPrev()] {
					thread.Filters = append(thread.Filters, SavedFilter{f.Filter, f.GetFlags()})
					if f.Prev == nil {
						break
					}
				}
			}
			if id == p.GetPid() {
				own = thread.Filters
			} else if len(thread.Filters) == 0 {
				thread.Filters = own[max(0, len(own)-loadedForAll(own)):]
			}
			threads = append(threads, thread)
		}
	}
	return threads
}

// loadedForAll returns how many filters, of those from the last to the first, had been
// loaded when the last was loaded with SECCOMP_FILTER_FLAG_TSYNC.
func loadedForAll(own []SavedFilter) (count int) {
	for i := range own {
		if oldest := own[len(own)-1-i]; oldest.Flags&1 != 0 {
			count = i + 1
		}
	}
	return count
}

func coreEntry(t *testing.T, images fs.FS, thread uint32) *criu.CoreEntry {
	t.Helper()
	var c criu.CoreEntry
	unmarshal(t, bodies(t, images, coreName(thread))[0], &c)
	return &c
}

// unmarshal accepts a message without the required fields that this test does not read.
func unmarshal(t *testing.T, raw []byte, to proto.Message) {
	t.Helper()
	if err := (proto.UnmarshalOptions{AllowPartial: true}).Unmarshal(raw, to); err != nil {
		t.Skip(err) // a field that is not read here is broken: CRIU refuses the image
	}
}

func bodies(t *testing.T, images fs.FS, name string) [][]byte {
	t.Helper()
	raw, err := fs.ReadFile(images, name)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for raw = raw[8:]; len(raw) > 0; {
		size := binary.LittleEndian.Uint32(raw)
		all = append(all, raw[4:4+size])
		raw = raw[4+size:]
	}
	return all
}
