package dump

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/encoding/protowire"
)

// (TestRestore in integration shows that CRIU writes images like these.)
func TestFiltersOfThreads(t *testing.T) {
	got, err := Threads(images(map[string][]byte{
		"seccomp.img": image(markSeccomp, seccompOf(
			link{SavedFilter{[]byte("first"), 0}, -1}, link{SavedFilter{[]byte("second"), 2}, 0}, link{SavedFilter{[]byte("other"), 0}, -1})),
		"pstree.img": image(markTree, processOf(1, 1, 2), processOf(3, 3), processOf(4, 0), processOf(5, 0)),
		"core-1.img": image(markCore, coreOf(1, 2, 1)),
		"core-2.img": image(markCore, threadOf(2, 2)),
		"core-3.img": image(markCore, coreOf(3, 0, 0)), // a process that was stopped
		"core-4.img": image(markCore, coreOf(2, 0, 0)), // a zombie
		"core-5.img": image(markCore, coreOf(2, 0, 0)),
	}))
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

// CRIU saves filters that all threads of a process share for the first thread, which loads
// them for the others. Later filters of the first thread are its own.
func TestSynchronizedFilters(t *testing.T) {
	const sync = 1
	for fact, row := range map[string]struct {
		flags [2]uint32 // of the first filter and the second
		want  string
	}{
		"none":       {[2]uint32{0, 0}, "[]"},
		"the first":  {[2]uint32{sync, 0}, "[first]"},
		"the second": {[2]uint32{0, sync}, "[second first]"},
		"both":       {[2]uint32{sync | 2, sync}, "[second first]"},
	} {
		threads, err := Threads(images(map[string][]byte{
			"seccomp.img": image(markSeccomp, seccompOf(link{SavedFilter{[]byte("first"), row.flags[0]}, -1}, link{SavedFilter{[]byte("second"), row.flags[1]}, 0})),
			"pstree.img":  image(markTree, processOf(1, 1, 2), processOf(3, 3)),
			"core-1.img":  image(markCore, coreOf(1, 2, 1)),
			"core-2.img":  image(markCore, threadOf(0, 0)),
			"core-3.img":  image(markCore, coreOf(1, 0, 0)), // another process
		}))
		if err != nil || len(threads) != 3 {
			t.Fatalf("%s: %v, %v", fact, threads, err)
		}
		names := []string{}
		for _, f := range threads[1].Filters {
			names = append(names, string(f.Program))
		}
		if got := fmt.Sprint(names); got != row.want {
			t.Errorf("%s: the second thread is under %s, want %s", fact, got, row.want)
		}
		if len(threads[2].Filters) != 0 {
			t.Errorf("%s: another process is under %v", fact, threads[2].Filters)
		}
	}
}

// hostile are checkpoints that Threads refuses, each with a part of the error. A thread that
// cannot be read is an error, and is not left out.
func hostile() map[string]struct {
	files map[string][]byte
	want  string
} {
	core, tree := image(markCore, coreOf(1, 2, 0)), image(markTree, processOf(1, 1))
	seccomp := image(markSeccomp, seccompOf(link{SavedFilter{[]byte("a"), 0}, -1}))
	files := func(all ...any) map[string][]byte {
		m := map[string][]byte{"pstree.img": tree, "core-1.img": core, "seccomp.img": seccomp}
		for i := 0; i < len(all); i += 2 {
			content, _ := all[i+1].([]byte)
			m[all[i].(string)] = content
			if content == nil {
				delete(m, all[i].(string))
			}
		}
		return m
	}
	// task_core and thread_core as CRIU writes them, to add to
	task, thread := number(nil, 1, 1), number(number(nil, 11, 2), 12, 0)
	coreWith := func(task, thread []byte) []byte {
		return image(markCore, sub(sub(number(nil, 1, 1), 3, task), 5, thread))
	}
	return map[string]struct {
		files map[string][]byte
		want  string
	}{
		"nothing":                      {nil, "pstree.img"},
		"no tree":                      {files("pstree.img", nil), "pstree.img"},
		"an empty tree":                {files("pstree.img", image(markTree)), "no process that lives"},
		"no thread that lives":         {files("core-1.img", image(markCore, coreOf(2, 0, 0))), "no process that lives"},
		"no filters":                   {files("seccomp.img", nil), "filter 0 is not in seccomp.img"},
		"a filter that is not there":   {files("core-1.img", image(markCore, coreOf(1, 2, 7))), "core-1.img: filter 7 is not in seccomp.img"},
		"filters that go round":        {files("seccomp.img", image(markSeccomp, seccompOf(link{SavedFilter{[]byte("a"), 0}, 0}))), "more than 8192 filters"},
		"another kind of image":        {files("core-1.img", image(markSeccomp, coreOf(1, 2, 0))), "core-1.img: not an image"},
		"a mark of no image":           {files("pstree.img", append([]byte("#!/bin/sh\n"), tree...)), "pstree.img: not an image"},
		"a core that is cut off":       {files("core-1.img", core[:len(core)-1]), "core-1.img: message of"},
		"a length that is cut off":     {files("pstree.img", append(slices.Clone(tree), 1, 0)), "inside of a length"},
		"a huge length":                {files("core-1.img", append(slices.Clone(core[:8]), 0xff, 0xff, 0xff, 0xff, 8, 1)), "message of 4294967295 bytes"},
		"a huge length inside":         {files("core-1.img", image(markCore, []byte{0x1a, 0xff, 0xff, 0xff, 0xff, 0x0f})), "field 3"},
		"more than one message":        {files("core-1.img", image(markCore, coreOf(1, 2, 0), coreOf(1, 2, 0))), "2 messages"},
		"an empty file":                {files("core-1.img", []byte{}), "core-1.img: not an image"},
		"a core that is no message":    {files("core-1.img", image(markCore, []byte{0xff, 0xff})), "core-1.img"},
		"filters that are no messages": {files("seccomp.img", image(markSeccomp, []byte{0x0a, 0x7f})), "seccomp.img"},
		"a filter without a program":   {files("seccomp.img", image(markSeccomp, sub(nil, 1, number(nil, 3, 0)))), "seccomp.img: filter 0: field 1 is missing"},
		"a core that is missing":       {files("pstree.img", image(markTree, processOf(1, 1), processOf(2, 2))), "core-2.img"},
		"a thread that is missing":     {files("pstree.img", image(markTree, processOf(1, 1, 2))), "core-2.img"},
		"a core that no tree names": {
			files("core-1.img", coreWith(number(nil, 1, 2), thread), "core-99999.img", core), "no process that lives",
		},
		"dead, then alive":            {files("core-1.img", coreWith(number(number(nil, 1, 2), 1, 1), thread)), "core-1.img: field 1 is there twice"},
		"alive, then dead":            {files("core-1.img", coreWith(number(task, 1, 2), thread)), "core-1.img: field 1 is there twice"},
		"two task_cores":              {files("core-1.img", image(markCore, sub(coreOf(2, 2, 0), 3, task))), "core-1.img: field 3 is there twice"},
		"two thread_cores":            {files("core-1.img", image(markCore, sub(coreOf(1, 2, 0), 5, number(nil, 11, 0)))), "core-1.img: field 5 is there twice"},
		"two modes":                   {files("core-1.img", coreWith(task, number(thread, 11, 0))), "core-1.img: field 11 is there twice"},
		"two filters of a thread":     {files("core-1.img", coreWith(task, number(thread, 12, 1))), "core-1.img: field 12 is there twice"},
		"two programs of a filter":    {files("seccomp.img", image(markSeccomp, sub(nil, 1, sub(sub(nil, 1, []byte("a")), 1, []byte("b"))))), "filter 0: field 1 is there twice"},
		"two filters before it":       {files("seccomp.img", image(markSeccomp, sub(nil, 1, number(number(sub(nil, 1, []byte("a")), 2, 0), 2, 0)))), "filter 0: field 2 is there twice"},
		"two pids":                    {files("pstree.img", image(markTree, number(processOf(7, 1), 1, 1))), "pstree.img: field 1 is there twice"},
		"a process twice":             {files("pstree.img", image(markTree, processOf(1, 1), processOf(1, 1))), "it has 1 twice"},
		"a thread twice":              {files("pstree.img", image(markTree, processOf(1, 1, 2, 2))), "it has 2 twice"},
		"a thread that is a process":  {files("pstree.img", image(markTree, processOf(1, 1, 2), processOf(2, 2))), "it has 2 twice"},
		"a process without threads":   {files("pstree.img", image(markTree, processOf(1))), "the first is not the process"},
		"another first thread":        {files("pstree.img", image(markTree, processOf(1, 2))), "the first is not the process"},
		"threads packed in one field": {files("pstree.img", image(markTree, sub(processOf(1), 5, []byte{1}))), "field 5 has the wire type 2"},
		"a process without a pid":     {files("pstree.img", image(markTree, number(nil, 5, 1))), "field 1 is missing"},
		"no task_core":                {files("core-1.img", image(markCore, threadOf(2, 0))), "no task_core"},
		"no thread_core":              {files("core-1.img", image(markCore, sub(nil, 3, task))), "no thread_core"},
		"a task without a state":      {files("core-1.img", coreWith(nil, thread)), "core-1.img: field 1 is missing"},
		"a state that CRIU refuses":   {files("core-1.img", image(markCore, coreOf(6, 2, 0))), "task_state 6 is unknown"},
		"a mode of no kernel":         {files("core-1.img", image(markCore, coreOf(1, 3, 0))), "seccomp_mode 3 is unknown"},
		"a state of 33 bits":          {files("core-1.img", image(markCore, coreOf(1<<32|2, 2, 0))), "field 1 is 4294967298"},
		"a mode as bytes":             {files("core-1.img", coreWith(task, sub(nil, 11, []byte{2}))), "field 11 has the wire type 2"},
		"a group":                     {files("core-1.img", image(markCore, append(coreOf(1, 2, 0), 0xf3, 0x01, 0xf4, 0x01))), "field 30 has the wire type 3"},
		// A process's own would count, not the thread's: CRIU's check_core.
		"a mode of the process":   {files("core-1.img", coreWith(number(task, 11, 0), thread)), "old_seccomp_mode"},
		"a filter of the process": {files("core-1.img", coreWith(number(task, 12, 0), thread)), "old_seccomp_filter"},
	}
}

func TestBrokenImages(t *testing.T) {
	for fact, row := range hostile() {
		t.Run(fact, func(t *testing.T) {
			got, err := Threads(images(row.files))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, %v; want an error with %q", got, err, row.want)
			}
		})
	}
}

// Nothing but a regular file of a bounded size is read.
func TestImagesThatAreNoFiles(t *testing.T) {
	for fact, row := range map[string]struct {
		make func(path string) error
		want string
	}{
		"a FIFO":      {func(path string) error { return unix.Mkfifo(path, 0o600) }, "not a regular file"},
		"a folder":    {func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
		"a huge file": {func(path string) error { return sparse(path, 1<<40) }, "1099511627776 bytes, more than"},
	} {
		t.Run(fact, func(t *testing.T) {
			folder := t.TempDir()
			if err := row.make(filepath.Join(folder, "pstree.img")); err != nil {
				t.Fatal(err)
			}
			started := time.Now()
			_, err := Threads(os.DirFS(folder))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(started); took > time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Truncate(size)
}

func images(files map[string][]byte) fs.FS {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: content, Mode: 0o600}
	}
	return all
}

func image(mark uint32, bodies ...[]byte) []byte {
	raw := binary.LittleEndian.AppendUint32(nil, markCommon)
	raw = binary.LittleEndian.AppendUint32(raw, mark)
	for _, body := range bodies {
		raw = append(binary.LittleEndian.AppendUint32(raw, uint32(len(body))), body...)
	}
	return raw
}

func processOf(pid uint64, threads ...uint64) []byte {
	m := number(number(number(number(nil, 1, pid), 2, 0), 3, 1), 4, 1)
	for _, id := range threads {
		m = number(m, 5, id)
	}
	return m
}

func coreOf(state, mode, filter uint64) []byte {
	return append(sub(number(nil, 1, 1), 3, number(nil, 1, state)), threadOf(mode, filter)...)
}

func threadOf(mode, filter uint64) []byte {
	return sub(nil, 5, number(number(nil, 11, mode), 12, filter))
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
	return protowire.AppendVarint(protowire.AppendTag(slices.Clone(m), field, protowire.VarintType), value)
}

func sub(m []byte, field protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(slices.Clone(m), field, protowire.BytesType), value)
}

func coreName(thread uint32) string { return fmt.Sprintf("core-%d.img", thread) }
