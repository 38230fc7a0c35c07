package installer

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"seccomp-shim/deploy/installer/config"
)

// Such as "containerd github.com/containerd/containerd v1.7.35 HASH"; Debian writes no v.
var versionLine = regexp.MustCompile(`^containerd \S+ v?(\d+)\.(\d+)\.`)

// containerdVersion asks the containerd in PATH.
func containerdVersion() (config.Version, error) {
	out, err := exec.Command("containerd", "--version").Output()
	if err != nil {
		return config.Version{}, fmt.Errorf("needs containerd in PATH: %w", err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return config.Version{}, fmt.Errorf("needs containerd in PATH; its version is not understood: %q", out)
	}
	major, _ := strconv.Atoi(string(match[1])) // digits
	minor, _ := strconv.Atoi(string(match[2]))
	return config.Version{Major: major, Minor: minor}, nil
}

// dump returns the effective configuration of a file, which may not exist.
func (n *node) dump(file string) (*config.Effective, error) {
	args := []string{"--config", file, "config", "dump"}
	if !exists(file) {
		args = []string{"config", "default"}
	}
	cmd := exec.Command("containerd", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, errors.New(strings.TrimSpace(stderr.String() + "\n" + err.Error()))
	}
	return config.ParseDump(out, n.version)
}

// restartCommand returns the command that restarts containerd, or nil if none runs.
func (n *node) restartCommand() ([]string, error) {
	if n.restart != nil {
		return strings.Fields(*n.restart), nil
	}
	const hint = `set RESTART to the command that restarts containerd, or to "" where none runs`
	if !exists("/run/systemd/system") { // sd_booted(3)
		return nil, fmt.Errorf("systemd does not run this node: %s", hint)
	}
	if _, err := exec.LookPath("systemctl"); err != nil {
		return nil, fmt.Errorf("%w: %s", err, hint)
	}
	for _, unit := range n.units() {
		if exec.Command("systemctl", "is-active", "--quiet", unit).Run() == nil {
			return []string{"systemctl", "restart", unit}, nil
		}
	}
	return nil, fmt.Errorf("no unit of systemd is active of %s: %s", strings.Join(n.units(), ", "), hint)
}

// units returns the systemd units that start the containerd of this configuration.
func (n *node) units() []string {
	switch n.generator() {
	case "k3s":
		return []string{"k3s", "k3s-agent"}
	case "rke2":
		return []string{"rke2-server", "rke2-agent"}
	}
	return []string{"containerd"}
}

// restartContainerd runs the command to its end, even if the installer receives a
// signal meanwhile.
func (n *node) restartContainerd(command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
