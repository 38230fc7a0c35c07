package compile

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/libseccomp"
)

// quoted writes a list of JSON strings.
func quoted(count int, text func(i int) string) string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprintf("%q", text(i))
	}
	return strings.Join(list, ",")
}

// tooMany are rules that fit into no program.
func tooMany() string {
	rules := make([]string, 5000)
	for i := range rules {
		rules[i] = fmt.Sprintf(`{"index":%d,"value":%d,"op":"SCMP_CMP_EQ"}`, i%6, i*7919)
	}
	return fchdirRules(rules...)
}

// What nobody would write is refused soon, in few words that name the field and
// the value, and leaves nothing behind, however often it comes.
func TestHostileProfiles(t *testing.T) {
	const often = 20
	soon := 4500 * time.Millisecond
	// An emulated machine says how slow it is: see integration/vm/watch.
	if factor, err := strconv.Atoi(os.Getenv("SECCOMP_SHIM_PATIENCE")); err == nil {
		soon *= time.Duration(factor)
	}
	long := strings.Repeat("a", 64<<10)
	known := libseccomp.Architectures()
	architectures := func(list string) string { return `{"defaultAction":"SCMP_ACT_ALLOW","architectures":[` + list + `]}` }
	name := func(name string) string {
		return fmt.Sprintf(`{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read","%s"],"action":"SCMP_ACT_ERRNO"}]}`, name)
	}
	for _, row := range []struct {
		fact, profile string
		times         int
		within        time.Duration
		says          []string
	}{
		{"5,000 argument rules", tooMany(), 1, soon, []string{"syscalls", "5000 rules", "4096"}},
		{"rules on which libseccomp hangs", hanging, often, 150 * time.Millisecond, []string{errShortDeadline.Error(), "libseccomp", "has not finished"}},
		{"200 architectures that there are not", architectures(quoted(200, func(i int) string { return fmt.Sprintf("SCMP_ARCH_%d", i) })),
			often, soon, []string{"architectures[0]", `"SCMP_ARCH_0"`}},
		{"200 times the architectures that there are", architectures(quoted(200, func(i int) string { return string(known[i%len(known)]) })),
			often, soon, []string{"architectures[", "SCMP_ARCH_", "does not support it here"}},
		{"an architecture of 64 KiB", architectures(`"` + long + `"`), often, soon, []string{"architectures[0]", `"aaaa`, "65536"}},
		{"a syscall of 64 KiB", name(long), often, soon, []string{"syscalls[0].names[1]", `"aaaa`, "65536"}},
		{"a syscall of 64 letters that there is not", name(long[:64]), often, soon, []string{"syscalls[0].names[1]", long[:64]}},
		{"a syscall with a NUL", name(`re\u0000ad`), often, soon, []string{"syscalls[0].names[1]", `"re\x00ad"`}},
		{"an action of 64 KiB", `{"defaultAction":"` + long + `"}`, often, soon, []string{"defaultAction", `"aaaa`, "65536"}},
		{"an action with a NUL", `{"defaultAction":"SCMP_ACT_ALLOW\u0000"}`, often, soon, []string{"defaultAction", `"SCMP_ACT_ALLOW\x00"`}},
		{"an operator of 64 KiB", fchdirRules(`{"index":0,"value":0,"op":"` + long + `"}`), often, soon, []string{"syscalls[0].args[0].op", `"aaaa`, "65536"}},
	} {
		t.Run(row.fact, func(t *testing.T) {
			refused(t, row.profile, row.within, row.says)
			before := inUse(t) // with what is made once, such as the tables
			for range row.times {
				refused(t, row.profile, row.within, row.says)
			}
			if after := inUse(t); after.goroutines > before.goroutines || after.files > before.files || after.heap > before.heap+1<<20 {
				t.Errorf("after %d times in use: %+v, before: %+v", row.times, after, before)
			}
		})
	}
}

func refused(t *testing.T, profile string, within time.Duration, says []string) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), within, errShortDeadline)
	defer cancel()
	started := time.Now()
	p, err := seccomp.Parse([]byte(profile))
	if err == nil {
		_, err = Translate(ctx, p)
	}
	if err == nil {
		t.Fatal("accepted")
	}
	const busy = 2 * time.Second // a machine with other work
	if took := time.Since(started); took > within+busy {
		t.Errorf("took %v", took)
	}
	if len(err.Error()) > 2<<10 {
		t.Errorf("the message has %d bytes", len(err.Error()))
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the message is without %q: %.500v", part, err)
		}
	}
	if childLeft() {
		t.Error("a child process is left")
	}
}

type usage struct {
	goroutines, files int
	heap              uint64
}

func inUse(t *testing.T) usage {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.GC() // also what has a finalizer
	runtime.ReadMemStats(&memory)
	return usage{runtime.NumGoroutine(), len(files), memory.HeapAlloc}
}
