package installer

import (
	"fmt"
	"os"
	"path/filepath"

	"seccomp-shim/deploy/installer/config"
)

// profileRoot is where the handler's Localhost paths start: its table sets no profile_root.
const profileRoot = "/var/lib/kubelet/seccomp"

// installFloor puts the operator's floor beside the profiles. seccompctl compiles it first: a
// floor that the shim refuses would stop every pod of the handler.
func (n *node) installFloor() error {
	if n.floor == "" {
		return nil
	}
	if _, err := n.floorOption(); err != nil {
		return err
	}
	data, err := os.ReadFile(n.floor)
	if err != nil {
		return fmt.Errorf("FLOOR: %w", err)
	}
	if err := runOnce(filepath.Join(n.binDir, "seccompctl"), "compile", "-o", "bpf", n.floor); err != nil {
		return fmt.Errorf("FLOOR: %w", err)
	}
	if same, err := sameBytes(n.floor, n.floorFile()); err != nil || same {
		return err
	}
	return n.writeProfile(floorName, data)
}

const floorName = "floor.json"

func (n *node) floorFile() string { return filepath.Join(n.profileDir, floorName) }

// floorOption returns the value of the handler's option floor.
func (n *node) floorOption() (string, error) {
	path, err := filepath.Rel(profileRoot, n.floorFile())
	if err != nil || !filepath.IsLocal(path) {
		return "", fmt.Errorf("FLOOR: the floor is put into PROFILE_DIR, which must be below %s for it, and is %s", profileRoot, n.profileDir)
	}
	return "Localhost/" + path, nil
}

// withFloor adds the options of the floor to the handler.
func (n *node) withFloor(table config.Table) (config.Table, error) {
	if n.floor == "" {
		return table, nil
	}
	option, err := n.floorOption()
	if err != nil {
		return table, err
	}
	table = table.WithOption("floor", option)
	if n.floorObserve != "" {
		table = table.WithOption("floor_observe", n.floorObserve)
	}
	return table, nil
}
