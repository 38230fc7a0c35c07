package kubernetes

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"seccomp-shim/integration/testbed"
)

// shimUse is what a shim uses: its private memory without the pages of its binary, in KiB,
// and its descriptors.
type shimUse struct{ memory, descriptors int }

// shimSample is the use of shims, by pid.
type shimSample map[int]shimUse

// sampleShims looks at all shims of the node.
func sampleShims(t *testing.T, node *testbed.Node) shimSample {
	t.Helper()
	sample := shimSample{}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // no bad pattern
	for _, dir := range dirs {
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // empty if it has exited
		words := strings.Split(string(args), "\x00")
		if !strings.HasPrefix(filepath.Base(words[0]), "containerd-shim-") || !slices.Contains(words, node.Address()) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			t.Fatal(err)
		}
		var use shimUse
		rollup, _ := os.ReadFile(filepath.Join(dir, "smaps_rollup")) // as above
		for line := range strings.Lines(string(rollup)) {
			_, _ = fmt.Sscanf(line, "Anonymous: %d kB", &use.memory) // other lines do not match
		}
		descriptors, _ := os.ReadDir(filepath.Join(dir, "fd"))
		use.descriptors = len(descriptors)
		if use.memory > 0 {
			sample[pid] = use
		}
	}
	return sample
}

// of returns the sample of the shims that are in another one.
func (s shimSample) of(others shimSample) shimSample {
	mine := maps.Clone(s)
	maps.DeleteFunc(mine, func(pid int, _ shimUse) bool { _, has := others[pid]; return !has })
	return mine
}

// growth returns by how much the memory of a shim has grown since an earlier sample, at most.
func (s shimSample) growth(earlier shimSample) (most int) {
	for pid, use := range s {
		most = max(most, use.memory-earlier[pid].memory)
	}
	return most
}

// String shows the median and the greatest values.
func (s shimSample) String() string {
	var memory, descriptors []int
	for _, use := range s {
		memory, descriptors = append(memory, use.memory), append(descriptors, use.descriptors)
	}
	if len(memory) == 0 {
		return "none"
	}
	slices.Sort(memory)
	slices.Sort(descriptors)
	middle, last := len(memory)/2, len(memory)-1
	return fmt.Sprintf("%d shims with %d KiB (at most %d) and %d descriptors (at most %d)",
		len(memory), memory[middle], memory[last], descriptors[middle], descriptors[last])
}
