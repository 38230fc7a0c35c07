package command

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/denials"
	"seccomp-shim/seccomp/installed"
)

// An inspection has the flags of one command line of inspect.
type inspection struct {
	source
	observe observeFlag
	floor   floorFlag
	profile string
	pid     int
	output  *outputFormat
}

func newInspect() *cobra.Command {
	var in inspection
	cmd := &cobra.Command{
		Use:   "inspect [flags] (FILE | --pid PID)",
		Short: "Show a compiled program, or those of a running process",
		Long: `Show a compiled program, or those that the kernel runs for a process, and prove that
they decide as a profile says.

FILE holds an array of struct sock_filter in this host's byte order, such as the
output of compile -o bpf or of seccomp_export_bpf; - is standard input. With --pid,
the process is stopped for a moment; this needs root and a kernel with
CONFIG_CHECKPOINT_RESTORE. PID may be a thread's.

With --profile or --spec, each program is compared with the profile for every call
that there can be, and the exit code is 0 if one is found that decides as it says.
Of several programs the kernel obeys the strictest. The program of an observed container
(see denials) notifies the shim where the profile refuses: compare it with --observe.

` + profileHelp + `

The output is facts and the assembly (text), a JSON document (json), or the bytes of
the only program (bpf).`,
		Example: `  seccompctl inspect profile.bpf
  seccompctl inspect --pid 4242 --profile profile.json
  seccompctl inspect --pid 4242 --spec config.json -o json`,
	}
	in.addFlags(cmd)
	in.observe.addFlag(cmd)
	in.floor.addFlag(cmd)
	cmd.Flags().StringVar(&in.profile, "profile", "", "the profile to compare with")
	cmd.Flags().IntVar(&in.pid, "pid", 0, "the process or thread that is meant")
	complete(cmd, "profile", []string{runtimeDefault})
	in.output = formatFlag(cmd, "text", "json", "bpf")
	cmd.RunE = in.run
	return cmd
}

func (in *inspection) run(cmd *cobra.Command, args []string) error {
	if err := in.checkArguments(cmd, args); err != nil {
		return err
	}
	subjects, err := in.subjects(cmd, args)
	if err != nil {
		return err
	}
	if in.output.value == "bpf" {
		if len(subjects) != 1 {
			return fmt.Errorf("process %d has %d programs, not one", in.pid, len(subjects))
		}
		return writeBinary(cmd, subjects[0].program.Bytes())
	}
	var verdict error
	if in.profile != "" || in.spec != "" {
		if verdict, err = in.compare(cmd, subjects); err != nil {
			return err
		}
	}
	if in.output.value == "json" {
		err = writeInspectedJSON(cmd.OutOrStdout(), subjects)
	} else {
		err = writeInspectedText(cmd.OutOrStdout(), subjects)
	}
	return errors.Join(err, verdict)
}

func (in *inspection) checkArguments(cmd *cobra.Command, args []string) error {
	byPID := cmd.Flags().Changed("pid")
	switch {
	case len(args) > 1:
		return misuse(cmd, "%q: one file at a time", args[1])
	case byPID == (len(args) == 1):
		return misuse(cmd, "a FILE or --pid is needed, not both")
	case byPID && in.pid <= 0:
		return misuse(cmd, "--pid: %d is not a process", in.pid)
	case in.observe.mode != denials.Off && in.profile == "" && in.spec == "":
		return misuse(cmd, "--observe needs --profile or --spec")
	case in.floor.file != "" && in.profile == "" && in.spec == "":
		return misuse(cmd, "--floor needs --profile or --spec")
	case in.output.value == "bpf" && (in.profile != "" || in.spec != ""):
		return misuse(cmd, "-o bpf has no room for a comparison")
	}
	return in.check(cmd, in.profile)
}

// A subject is a program to inspect.
type subject struct {
	name    string // the file, or the process and the place of the filter
	program bpf.Program
	logs    *bool // SECCOMP_FILTER_FLAG_LOG, if the program is that of a process
	match   *match
}

func (in *inspection) subjects(cmd *cobra.Command, args []string) ([]subject, error) {
	if len(args) == 0 {
		filters, err := installed.Filters(in.pid)
		if err != nil {
			return nil, err
		}
		var all []subject
		for i, f := range filters {
			all = append(all, subject{name: fmt.Sprintf("process %d, filter %d of %d", in.pid, i+1, len(filters)), program: f.Program, logs: &f.Logs})
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("process %d runs without a seccomp program", in.pid)
		}
		return all, nil
	}
	raw, err := read(cmd.InOrStdin(), args[0], maxProgramBytes)
	if err != nil {
		return nil, err
	}
	p, err := bpf.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w%s", args[0], err, hint(raw))
	}
	return []subject{{name: args[0], program: p}}, nil
}

// maxProgramBytes is more than the kernel accepts, so that the error for a program that is
// too long can have its length.
const maxProgramBytes = 1 << 20

// hint returns the end of an error message: what a file is if it is not a program.
func hint(raw []byte) string {
	if text := bytes.TrimSpace(raw); bytes.HasPrefix(text, []byte("{")) {
		return " (it looks like JSON: a profile is for compile and explain)"
	}
	return ""
}
