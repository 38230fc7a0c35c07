package testbed

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// version is containerd's. Its methods are the differences between versions.
type version struct{ major, minor int }

func (v version) atLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// configVersion is the newest format of the configuration that containerd reads.
func (v version) configVersion() int {
	if v.atLeast(2, 0) {
		return 3
	}
	return 2
}

// hasSocketDir reports whether the folder of the shims' sockets can be set. Older
// versions share /run/containerd/s.
func (v version) hasSocketDir() bool { return v.atLeast(2, 3) }

// importsLocally reports whether ctr has a flag to unpack an image itself. Older ones
// always do so.
func (v version) importsLocally() bool { return v.atLeast(1, 7) }

// passesOptions reports whether the CRI plugin passes a handler's table of options to a
// runtime that it does not know. Older versions pass only the path of a file.
func (v version) passesOptions() bool { return v.atLeast(1, 7) }

// Debian's version has no v: 1.6.20~ds1.
var versionPattern = regexp.MustCompile(`(?m) v?(\d+)\.(\d+)\.\S+`)

// versionOf runs the containerd in bin to get its version.
func versionOf(ctx context.Context, bin string) (version, string, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "containerd"), "--version").Output()
	if err != nil {
		return version{}, "", fmt.Errorf("ask containerd for its version: %w", err)
	}
	v, text, ok := parseVersion(string(out))
	if !ok {
		return version{}, "", fmt.Errorf("ask containerd for its version: it says %q", out)
	}
	return v, text, nil
}

func parseVersion(out string) (_ version, text string, ok bool) {
	match := versionPattern.FindStringSubmatch(out)
	if match == nil {
		return version{}, "", false
	}
	major, _ := strconv.Atoi(match[1]) // digits
	minor, _ := strconv.Atoi(match[2])
	return version{major, minor}, match[0][1:], true
}

// ConfigVersion returns the newest format of the configuration that the containerd in
// bin reads.
func ConfigVersion(ctx context.Context, bin string) (int, error) {
	v, _, err := versionOf(ctx, bin)
	return v.configVersion(), err
}
