package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"seccomp-shim/seccomp"
	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/libseccomp"
)

func newCompile() *cobra.Command {
	var from source
	var observe observeFlag
	cmd := &cobra.Command{
		Use:   "compile [flags] (PROFILE | --spec FILE)",
		Short: "Compile a profile to the program that the shim loads",
		Long: `Compile a profile to the program that the shim loads for it on this host.

` + profileHelp + `

The output is the program's assembly (asm), the bytes that are loaded, an array of
struct sock_filter in this host's byte order (bpf), or a JSON document that has the
bytes in base64 and what there is to know about them (json).`,
		Example: `  seccompctl compile -o bpf profile.json > profile.bpf
  seccompctl compile -o json RuntimeDefault --cap-add CAP_SYS_ADMIN
  seccompctl compile --spec config.json`,
	}
	from.addFlags(cmd)
	observe.addFlag(cmd)
	output := formatFlag(cmd, "asm", "bpf", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		profile, rest, err := from.operand(cmd, args)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return misuse(cmd, "%q: one profile at a time", rest[0])
		}
		p, origin, err := from.load(cmd, profile)
		if err != nil {
			return err
		}
		result, err := compile.New(nil).CompileObserved(cmd.Context(), p, observe.mode)
		if err != nil {
			return fmt.Errorf("%s: %w", origin, err)
		}
		switch output.value {
		case "bpf":
			_, err = cmd.OutOrStdout().Write(result.Program.Bytes())
		case "json":
			err = writeCompiled(cmd.OutOrStdout(), p, origin, result)
		default:
			printFindings(cmd.ErrOrStderr(), result)
			err = result.Program.Disassemble(cmd.OutOrStdout(), libseccomp.SyscallName)
		}
		return err
	}
	return cmd
}

// printFindings writes what the assembly cannot show: syscalls that were skipped, and those
// that were compiled without libseccomp.
func printFindings(stderr io.Writer, result *compile.Result) {
	for _, finding := range explain.ByCompiler(compilerSays(result)) {
		fmt.Fprintf(stderr, "%s: %s\n", finding.Level, finding.Text)
	}
}

func compilerSays(result *compile.Result) explain.CompilerReport {
	return explain.CompilerReport{Libseccomp: libseccomp.Version(), Skipped: result.Skipped, Reemitted: result.Reemitted}
}

func writeCompiled(w io.Writer, p *seccomp.Profile, origin string, result *compile.Result) error {
	m, err := compile.Meaning(p)
	if err != nil {
		return err
	}
	return writeJSON(w, struct {
		Profile    string        `json:"profile"`
		Libseccomp string        `json:"libseccomp"`
		Flags      []string      `json:"flags"`
		Skipped    []string      `json:"skipped"`
		Own        []string      `json:"own"`
		ABIs       []explain.ABI `json:"abis"`
		summary
	}{origin, libseccomp.Version(), compile.FlagNames(result.Flags), list(result.Skipped), list(result.Reemitted),
		explain.Summary(m), describe(result.Program)})
}
