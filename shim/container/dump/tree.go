package dump

import (
	"fmt"
	"io/fs"
)

const treeImage = "pstree.img"

// process is an entry of pstree.img: images/pstree.proto.
type process struct {
	pid     uint32
	threads []uint32
}

// readTree returns the processes that CRIU restores. No pid or thread ID occurs twice.
func readTree(images fs.FS) ([]process, error) {
	const fieldPID, fieldThreads = 1, 5
	entries, err := readMessages(images, treeImage, markTree, form{fieldPID: {numberField, required}, fieldThreads: {numberField, many}})
	if err != nil {
		return nil, err
	}
	var tree []process
	seen := map[uint32]bool{}
	for _, e := range entries {
		p := process{pid: e.number(fieldPID)}
		for _, v := range e[fieldThreads] {
			p.threads = append(p.threads, v.number)
		}
		// The first thread is the process itself. For a process that had ended, CRIU does
		// not read it.
		ids := append([]uint32{p.pid}, p.threads[min(1, len(p.threads)):]...)
		for _, id := range ids {
			if seen[id] {
				return nil, fmt.Errorf("%s: it has %d twice", treeImage, id)
			}
			seen[id] = true
		}
		tree = append(tree, p)
	}
	return tree, nil
}
