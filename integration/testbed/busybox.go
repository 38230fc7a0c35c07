package testbed

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
)

// Busybox returns a root file system with all applets of this machine's busybox, which
// must be static. It has the folders for the usual mounts, because nobody can make them
// in a user namespace.
func Busybox() (map[string]File, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return nil, fmt.Errorf("needs a static busybox (make deps): %w", err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	applets, err := exec.Command(path, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --list: %w", path, err)
	}
	files := map[string]File{"/tmp": {Mode: fs.ModeDir | fs.ModeSticky | 0o777}}
	for _, name := range strings.Fields("/proc /dev /sys /run") {
		files[name] = File{Mode: fs.ModeDir | 0o755}
	}
	for _, applet := range strings.Fields(string(applets)) {
		files["/bin/"+applet] = File{Content: []byte("busybox"), Mode: fs.ModeSymlink | 0o777}
	}
	files["/bin/busybox"] = File{Content: program, Mode: 0o755}
	return files, nil
}
