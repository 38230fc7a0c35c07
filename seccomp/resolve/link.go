package resolve

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"seccomp-shim/mistake"
)

// maxLinks is how many symbolic links the kernel follows in one path
// (path_resolution(7)).
const maxLinks = 40

// outwards describes the symbolic link by which a path leaves its root, such as
// symbolic link "operator" to "/var/lib/security-profiles-operator", or returns "". It is
// for the message only: os.Root has refused the path before.
func outwards(root *os.Root, path string) string {
	done, rest := ".", strings.Split(filepath.ToSlash(path), "/")
	for links := 0; len(rest) > 0 && links < maxLinks; {
		next := filepath.Join(done, rest[0])
		rest = rest[1:]
		if !filepath.IsLocal(next) {
			return ""
		}
		target, err := root.Readlink(next)
		if err != nil {
			done = next // not a link, or absent
			continue
		}
		links++
		// os.Root refuses an absolute link too, without looking where it leads.
		if filepath.IsAbs(target) || !filepath.IsLocal(filepath.Join(done, target)) {
			return fmt.Sprintf("symbolic link %s to %s", mistake.Quote(next), mistake.Quote(target))
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return ""
}
