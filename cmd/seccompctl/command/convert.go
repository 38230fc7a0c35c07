package command

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"seccomp-shim/cmd/seccompctl/formats"
	"seccomp-shim/mistake"
	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/explain"
)

// A conversion has the flags of one command line of convert.
type conversion struct {
	source
	arch, kernel string
}

func newConvert() *cobra.Command {
	var c conversion
	cmd := &cobra.Command{
		Use:   "convert [flags] (PROFILE | --spec FILE)",
		Short: "Write a profile of another format in OCI's",
		Long: `Write a profile in OCI's JSON form (linux.seccomp), which runtimes and Kubernetes read.

PROFILE is a file in the form of OCI, Docker or podman, or a SeccompProfile resource of the
Security Profiles Operator in YAML or JSON; - for standard input, or the word RuntimeDefault.
With --spec, the profile is the one that applies to the container of an OCI config.json.

The conditions of Docker's form (includes, excludes, archMap, minKernel) are resolved: by
default for this node and the capabilities that ctr run gives a container. Standard error
names the entries that do not count there. Comments are dropped. What OCI's form cannot say
otherwise is an error that names the field, and nothing is written.`,
		Example: `  seccompctl convert docker.json > oci.json
  seccompctl convert --cap-add CAP_SYS_ADMIN --arch arm64 --kernel 6.1 docker.json > oci.json
  seccompctl convert seccompprofile.yaml > oci.json
  seccompctl convert RuntimeDefault > start.json`,
		ValidArgsFunction: completeOne,
	}
	c.addFlags(cmd)
	cmd.Flags().StringVar(&c.arch, "arch", runtime.GOARCH, "for Docker's conditions: Go's name of the node's architecture")
	cmd.Flags().StringVar(&c.kernel, "kernel", "", "for Docker's conditions: the version of the node's kernel, such as 6.1 (default this node's)")
	complete(cmd, "arch", seccomp.GoArchs())
	cmd.RunE = c.run
	return cmd
}

func (c *conversion) run(cmd *cobra.Command, args []string) error {
	profile, rest, err := c.operand(cmd, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return misuse(cmd, "%q: one profile at a time", rest[0])
	}
	at, err := c.at(cmd)
	if err != nil {
		return err
	}
	if c.spec != "" || profile == runtimeDefault {
		l, err := c.load(cmd, profile)
		if err != nil {
			return err
		}
		return writeProfile(cmd.OutOrStdout(), l.profile)
	}
	text, err := read(cmd.InOrStdin(), profile, seccomp.MaxProfileBytes)
	if err != nil {
		return err
	}
	resolved, format, err := formats.Read(text, at)
	if err != nil {
		if format == formats.Operator {
			return fmt.Errorf("%s: %s: %w", profile, format, err) // lines are those of the JSON that YAML becomes
		}
		return inFile(profile, text, err)
	}
	if resolved.Condition < 0 && c.conditionFlags(cmd) {
		return misuse(cmd, "--arch, --kernel, --cap-add and --cap-drop: %s has no conditions", profile)
	}
	if err := writeProfile(cmd.OutOrStdout(), resolved.Profile); err != nil {
		return err
	}
	return c.remark(cmd.ErrOrStderr(), resolved, at)
}

// at returns the place that Docker's conditions are resolved for.
func (c *conversion) at(cmd *cobra.Command) (seccomp.Place, error) {
	at, err := c.place(cmd)
	if err != nil {
		return at, err
	}
	at.Arch = c.arch
	if archs := seccomp.GoArchs(); !slices.Contains(archs, c.arch) {
		return at, misuse(cmd, "--arch: %q must be one of %s%s", c.arch, strings.Join(archs, ", "), mistake.Meant(c.arch, archs...))
	}
	if c.kernel != "" {
		if at.Kernel, err = seccomp.ParseKernel(c.kernel); err != nil {
			return at, misuse(cmd, "--kernel: %w", err)
		}
	}
	return at, nil
}

func (c *conversion) conditionFlags(cmd *cobra.Command) bool {
	return cmd.Flags().Changed("arch") || c.kernel != "" || len(c.capAdd)+len(c.capDrop) > 0
}

// remark says what a conversion has resolved.
func (c *conversion) remark(stderr io.Writer, r *seccomp.Resolved, at seccomp.Place) error {
	if r.Condition < 0 {
		return nil
	}
	leftOut := "all entries count"
	if len(r.LeftOut) > 0 {
		leftOut = explain.Entries(r.LeftOut) + " are left out"
	}
	_, err := fmt.Fprintf(stderr, "note: conditions are resolved for %s, Linux %d.%d, %s: %s\n",
		at.Arch, at.Kernel.Version, at.Kernel.Revision, strings.Join(at.Capabilities, " "), leftOut)
	return err
}

func writeProfile(w io.Writer, p *seccomp.Profile) error {
	text, err := formats.Write(p)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}
