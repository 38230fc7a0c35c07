package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"seccomp-shim/cmd/seccompctl/owner"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/reports"
)

// A floorVerdict says what a floor on trial would refuse to a container.
type floorVerdict struct {
	Container *owner.Container  `json:"container"`
	Calls     []*denials.Denial `json:"calls"`
	Others    uint64            `json:"others,omitempty"` // calls that the report counts together
}

// errWouldRefuse is the verdict if a floor on trial would refuse something.
var errWouldRefuse = errors.New("the floor would refuse calls of running containers")

func newFloorCheck() *cobra.Command {
	var state, dir string
	cmd := &cobra.Command{
		Use:   "check [flags]",
		Short: "Say what a floor on trial would refuse to running containers",
		Long: `Say for each running container of this node whose floor is on trial (the handler's option
floor_observe = "trial") which of its calls the floor would have refused so far. The exit
code is 1 if there is such a call, or if no container is under a floor on trial.

The output is text, or a JSON document (json).`,
		Example: `  seccompctl floor check`,
	}
	cmd.Flags().StringVar(&state, "state", owner.DefaultState, "containerd's folder of running containers, its option state")
	cmd.Flags().StringVar(&dir, "dir", denials.Dir, "the folder of the shims' reports")
	output := formatFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse(cmd, "%q: an argument is not needed", args[0])
		}
		all, err := floorVerdicts(state, dir)
		if err != nil {
			return err
		}
		if output.value == "json" {
			err = writeJSON(cmd.OutOrStdout(), struct {
				Containers []floorVerdict `json:"containers"`
			}{all})
		} else {
			err = writeFloorVerdicts(cmd.OutOrStdout(), all)
		}
		return errors.Join(err, verdictOf(all))
	}
	return cmd
}

// floorVerdicts returns those of the containers whose floor is on trial.
func floorVerdicts(state, dir string) ([]floorVerdict, error) {
	running, err := runningUnder(state)
	if err != nil {
		return nil, err
	}
	all := []floorVerdict{}
	for _, f := range running {
		if !f.Trial {
			continue
		}
		v := floorVerdict{Container: f.Container, Calls: []*denials.Denial{}}
		report, err := reports.Of(dir, f.Container.Namespace, f.Container.ID)
		if err != nil {
			return nil, err
		}
		for _, d := range report.Denials {
			if d.LetThrough {
				v.Calls = append(v.Calls, d)
			}
		}
		v.Others = report.Others
		all = append(all, v)
	}
	return all, nil
}

func verdictOf(all []floorVerdict) error {
	for _, v := range all {
		if len(v.Calls) > 0 || v.Others > 0 {
			return errWouldRefuse
		}
	}
	if len(all) == 0 {
		return errors.New("no running container is under a floor on trial (floor_observe = \"trial\")")
	}
	return nil
}

func writeFloorVerdicts(w io.Writer, all []floorVerdict) error {
	for _, v := range all {
		name := mistake.Shown(v.Container.Name())
		if len(v.Calls) == 0 && v.Others == 0 {
			if _, err := fmt.Fprintf(w, "%s: nothing\n", name); err != nil {
				return err
			}
		}
		for _, d := range v.Calls {
			if _, err := fmt.Fprintf(w, "%s: %s ×%d: %s by %s\n", name, mistake.Shown(d.Text), d.Count, d.Answer, mistake.Line(d.Why)); err != nil {
				return err
			}
		}
		if v.Others > 0 {
			if _, err := fmt.Fprintf(w, "%s: and %d other calls\n", name, v.Others); err != nil {
				return err
			}
		}
	}
	return nil
}
