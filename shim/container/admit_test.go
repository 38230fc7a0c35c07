package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	criu "github.com/checkpoint-restore/go-criu/v8/crit/images/criu-core"
	"github.com/checkpoint-restore/go-criu/v8/crit/images/pstree"
	"github.com/checkpoint-restore/go-criu/v8/crit/images/seccomp"
	"github.com/checkpoint-restore/go-criu/v8/magic"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/installed"
)

// program returns the ith of some programs that allow everything.
func program(t *testing.T, i uint32) bpf.Program {
	t.Helper()
	p, err := bpf.New([]bpf.Instruction{{Code: bpf.LdImm, K: i}, {Code: bpf.RetK, K: uint32(bpf.Allow)}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A restored thread may have more filters, but one must be the container's, byte for byte
// and with the same flag for logging. The images and the kernel are judged alike.
func TestFilterIsAmong(t *testing.T) {
	type filter = installed.LoadedFilter
	own, other := filter{Program: program(t, 0)}, filter{Program: program(t, 1)}
	logging := filter{Program: own.Program, Logs: true}
	longer, err := bpf.Decode(append(own.Program.Bytes(), own.Program.Bytes()...))
	if err != nil {
		t.Fatal(err)
	}
	for fact, row := range map[string]struct {
		filters   []filter
		want, log bool
	}{
		"none":                      {nil, false, false},
		"its own":                   {[]filter{own}, true, false},
		"its own, and what it adds": {[]filter{own, other}, true, false},
		"what it had, and its own":  {[]filter{other, own}, true, false},
		"another":                   {[]filter{other}, false, false},
		"one that begins alike":     {[]filter{{Program: longer}}, false, false},
		"one that logs":             {[]filter{logging}, false, false},
		"its own that logs":         {[]filter{logging}, true, true},
		"one that does not log":     {[]filter{own}, false, true},
	} {
		t.Run(fact, func(t *testing.T) {
			f := &Filter{Name: "the profile", Program: own.Program.Bytes(), Flags: unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW}
			if row.log {
				f.Flags |= unix.SECCOMP_FILTER_FLAG_LOG
			}
			kernel := f.admitThread(1, row.filters)
			images := f.admitCheckpoint(checkpointOf(t, row.filters))
			for _, err := range []error{kernel, images} {
				if row.want != (err == nil) || err != nil && !errors.Is(err, ErrUnconfined) {
					t.Errorf("got %v, want admitted %v", err, row.want)
				}
			}
		})
	}
}

// Each thread of each process must be under the filter.
func TestEachThreadIsAdmitted(t *testing.T) {
	own, other := installed.LoadedFilter{Program: program(t, 0)}, installed.LoadedFilter{Program: program(t, 1)}
	f := &Filter{Name: "the profile", Program: own.Program.Bytes()}
	all := []installed.LoadedFilter{own}
	if err := f.admitCheckpoint(checkpointOf(t, all, all, all)); err != nil {
		t.Errorf("all under the filter: %v", err)
	}
	for i := range 3 {
		threads := [][]installed.LoadedFilter{all, all, all}
		threads[i] = []installed.LoadedFilter{other}
		want := fmt.Sprintf("core-%d.img: its thread is not under the container's seccomp filter, but under 1 others", i+1)
		if err := f.admitCheckpoint(checkpointOf(t, threads...)); !errors.Is(err, ErrUnconfined) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestCheckpointsThatAreRefused(t *testing.T) {
	var none *Filter
	if err := none.admitCheckpoint("/nonexistent"); err != nil {
		t.Errorf("a container without a filter: %v", err)
	}
	own := installed.LoadedFilter{Program: program(t, 0)}
	for fact, row := range map[string]struct {
		filter Filter
		change func(t *testing.T, folder string)
	}{
		"a listener":    {Filter{Flags: unix.SECCOMP_FILTER_FLAG_NEW_LISTENER}, func(*testing.T, string) {}},
		"no checkpoint": {Filter{}, func(t *testing.T, folder string) { remove(t, folder, "pstree.img") }},
		"dead, then alive, beside a thread that pstree.img does not name": {Filter{}, func(t *testing.T, folder string) {
			write(t, folder, "core-99999.img", "CORE", coreOf(0))
			alive, dead := coreOf(-1), coreOf(-1)
			dead.Tc.TaskState = proto.Uint32(2)
			// In protobuf, the second counts.
			writeRaw(t, folder, "core-1.img", "CORE", append(marshal(t, dead), marshal(t, alive)...))
		}},
	} {
		t.Run(fact, func(t *testing.T) {
			row.filter.Program = own.Program.Bytes()
			folder := checkpointOf(t, []installed.LoadedFilter{own})
			row.change(t, folder)
			if err := row.filter.admitCheckpoint(folder); !errors.Is(err, ErrUnconfined) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// checkpointOf writes the images of a process with two threads and of others with one, each
// thread under filters, the oldest first, and returns their folder.
func checkpointOf(t *testing.T, threads ...[]installed.LoadedFilter) (folder string) {
	t.Helper()
	folder = t.TempDir()
	all := &seccomp.SeccompEntry{}
	var tree []proto.Message
	for i, filters := range threads {
		for at, f := range filters {
			one := &seccomp.SeccompFilter{Filter: f.Program.Bytes(), Flags: proto.Uint32(0)}
			if f.Logs {
				one.Flags = proto.Uint32(unix.SECCOMP_FILTER_FLAG_LOG)
			}
			if at > 0 {
				one.Prev = proto.Uint32(uint32(len(all.SeccompFilters) - 1))
			}
			all.SeccompFilters = append(all.SeccompFilters, one)
		}
		id := uint32(i + 1)
		if i == 1 {
			first := tree[0].(*pstree.PstreeEntry)
			first.Threads = append(first.Threads, id)
		} else {
			tree = append(tree, &pstree.PstreeEntry{Pid: &id, Ppid: proto.Uint32(0), Pgid: &id, Sid: &id, Threads: []uint32{id}})
		}
		last := len(all.SeccompFilters) - 1
		if len(filters) == 0 {
			last = -1
		}
		write(t, folder, fmt.Sprintf("core-%d.img", id), "CORE", coreOf(last))
	}
	write(t, folder, "pstree.img", "PSTREE", tree...)
	write(t, folder, "seccomp.img", "SECCOMP", all)
	return folder
}

// coreOf returns a living thread under the filter with an index; -1 for none.
func coreOf(last int) *criu.CoreEntry {
	march := criu.CoreEntry_X86_64.Enum()
	c := &criu.CoreEntry{
		Mtype:      march,
		Tc:         &criu.TaskCoreEntry{TaskState: proto.Uint32(1)},
		ThreadCore: &criu.ThreadCoreEntry{SeccompMode: criu.SeccompMode_disabled.Enum()},
	}
	if last >= 0 {
		c.ThreadCore.SeccompMode = criu.SeccompMode_filter.Enum()
		c.ThreadCore.SeccompFilter = proto.Uint32(uint32(last))
	}
	return c
}

func write(t *testing.T, folder, name, mark string, messages ...proto.Message) {
	t.Helper()
	var bodies [][]byte
	for _, m := range messages {
		bodies = append(bodies, marshal(t, m))
	}
	writeRaw(t, folder, name, mark, bodies...)
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	body, err := (proto.MarshalOptions{AllowPartial: true}).Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func writeRaw(t *testing.T, folder, name, mark string, bodies ...[]byte) {
	t.Helper()
	marks := magic.LoadMagic().ByName
	raw := binary.LittleEndian.AppendUint32(nil, uint32(marks["IMG_COMMON"]))
	raw = binary.LittleEndian.AppendUint32(raw, uint32(marks[mark]))
	for _, body := range bodies {
		raw = append(binary.LittleEndian.AppendUint32(raw, uint32(len(body))), body...)
	}
	if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, folder, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder, name)); err != nil {
		t.Fatal(err)
	}
}
