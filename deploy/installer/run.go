package installer

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

const usageLine = "usage: node-installer install|uninstall|label|unlabel"

// usage is what --help says; docs/node-installer.md has it in full.
const usage = usageLine + `

install puts the runtime handler "seccomp" on this node, and uninstall takes it off
again. It lies in a folder with what it installs. In a pod, label and unlabel set and
remove the label of the pod's node by which the RuntimeClass selects nodes; they change
nothing on the node itself.

Environment variables, with their defaults:
  CONTAINERD_CONFIG   /etc/containerd/config.toml, or that of k3s or RKE2
  CONTAINERD_ADDRESS  the socket that containerd's configuration names
  BIN_DIR             /usr/local/bin, or the folder of a package's binaries; must be in
                      containerd's PATH
  PROFILE_DIR         /var/lib/kubelet/seccomp/profiles
  STATE_DIR           /var/lib/seccomp-shim
  RUN_DIR             /run/seccomp-shim-installer
  FLOOR               a file with a profile that becomes the floor of all pods of the
                      handler; without it there is none
  FLOOR_OBSERVE       trial: what the floor refuses is reported and let through
  NODE_NAME           the pod's node, for label and unlabel
  RESTART             the command that restarts containerd: systemctl restart containerd,
                      or the unit of k3s or RKE2; "" where no containerd runs yet
`

// Run runs the program node-installer, and returns its exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	switch {
	case len(args) == 2 && slices.Contains([]string{"-h", "-help", "--help", "help"}, args[1]):
		fmt.Fprint(stdout, usage)
		return 0
	case len(args) != 2 || !slices.Contains([]string{"install", "uninstall", "label", "unlabel"}, args[1]):
		fmt.Fprintln(stderr, usageLine)
		return 2
	}
	var err error
	if args[1] == "label" || args[1] == "unlabel" {
		err = labelNode(args[1] == "label", stdout)
	} else {
		n := &node{out: stdout, errors: stderr, interrupts: make(chan os.Signal, 1)}
		if err = n.start(args[0], args[1]); err != nil {
			err = n.explain(err)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "node-installer: %v\n", err)
		return 1
	}
	return 0
}

// start finds the payload and the settings.
func (n *node) start(program, action string) error {
	// Not /proc/self/exe: the path that was given may lead through a file descriptor to a
	// folder that has no name among this process's mounts.
	if filepath.Base(program) == program {
		found, err := exec.LookPath(program)
		if err != nil {
			return err
		}
		program = found
	}
	payload, err := filepath.Abs(filepath.Dir(program))
	if err != nil {
		return err
	}
	n.settings = newSettings("/", payload, os.LookupEnv)
	if err := os.Setenv("PATH", n.searchPath(os.Getenv("PATH"))); err != nil {
		return err
	}
	return n.run(action)
}
