package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"seccomp-shim/cmd/seccompctl/owner"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/floors"
)

// floorOf says under which floor a container runs.
type floorOf struct {
	Container *owner.Container `json:"container"`
	floors.Note
	// State compares the floor with the file as it is now.
	State string `json:"state"`
}

// The states.
const (
	floorCurrent  = "current"
	floorReplaced = "replaced" // the file has another digest
	floorMissing  = "missing"  // the file cannot be read
)

func newFloor() *cobra.Command {
	var state string
	cmd := &cobra.Command{
		Use:   "floor [flags]",
		Short: "Show under which floor containers run",
		Long: `Show for each container of this node that runs under a floor, the handler's option of
that name, the digest of the floor's file when the container was created, and whether
the file is the same now (current), has been replaced, or is missing. A container keeps
its floor until it is restarted.

The output is a table (text) or a JSON document (json).`,
		Example: `  seccompctl floor
  seccompctl floor check`,
	}
	cmd.AddCommand(newFloorCheck())
	cmd.Flags().StringVar(&state, "state", owner.DefaultState, "containerd's folder of running containers, its option state")
	output := formatFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, "%q: an argument is not needed", args[0])
		}
		all, err := runningUnder(state)
		if err != nil {
			return err
		}
		if output.value == "json" {
			return writeJSON(cmd.OutOrStdout(), struct {
				Floors []floorOf `json:"floors"`
			}{all})
		}
		if len(all) == 0 {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "no container runs under a floor")
			return err
		}
		out := table{}
		out.row("CONTAINER", "FLOOR", "DIGEST", "STATE")
		for _, f := range all {
			state := f.State
			if f.Trial {
				state += ", on trial"
			}
			out.row(mistake.Shown(f.Container.Name()), mistake.Shown(f.File), f.Digest, state)
		}
		return out.write(cmd.OutOrStdout())
	}
	return cmd
}

// runningUnder returns the floors of the node's containers, in the order of their bundles.
func runningUnder(state string) ([]floorOf, error) {
	dirs, err := owner.Bundles(state)
	if err != nil {
		return nil, err
	}
	all := []floorOf{}
	for _, dir := range dirs {
		note, found, err := floors.Read(dir)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		c, err := owner.ContainerIn(dir)
		if err != nil {
			continue // removed meanwhile
		}
		all = append(all, floorOf{c, note, compareFloor(note)})
	}
	return all, nil
}

func compareFloor(f floors.Note) string {
	data, err := os.ReadFile(filepath.Clean(f.File))
	switch {
	case err != nil:
		return floorMissing
	case floors.Digest(data) != f.Digest:
		return floorReplaced
	}
	return floorCurrent
}
