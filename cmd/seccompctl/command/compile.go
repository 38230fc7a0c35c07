package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"seccomp-shim/seccomp/compile"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/libseccomp"
	"seccomp-shim/seccomp/lint"
)

func newCompile() *cobra.Command {
	var from source
	var observe observeFlag
	var under floorFlag
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
	cmd.ValidArgsFunction = completeOne
	observe.addFlag(cmd)
	under.addFlag(cmd)
	output := formatFlag(cmd, "asm", "bpf", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		profile, rest, err := from.operand(cmd, args)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return misuse(cmd, "%q: one profile at a time", rest[0])
		}
		l, err := from.load(cmd, profile)
		if err != nil {
			return err
		}
		floor, _, err := under.load(cmd)
		if err != nil {
			return err
		}
		result, err := compile.New(nil).CompileOver(cmd.Context(), l.profile, observe.mode, floor)
		if err != nil {
			return l.at(err)
		}
		switch output.value {
		case "bpf":
			err = writeBinary(cmd, result.Program.Bytes())
		case "json":
			err = writeCompiled(cmd.OutOrStdout(), l, result)
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
	for _, finding := range lint.ByCompiler(compilerSays(result)) {
		fmt.Fprintf(stderr, "%s: %s\n", finding.Level, finding.Text)
	}
}

func compilerSays(result *compile.Result) lint.CompilerReport {
	return lint.CompilerReport{Libseccomp: libseccomp.Version(), Skipped: result.Skipped, Reemitted: result.Reemitted}
}

// compileFormat is the version of the JSON document of compile.
const compileFormat = 1

func writeCompiled(w io.Writer, l *loaded, result *compile.Result) error {
	return writeJSON(w, struct {
		Format     int           `json:"format"`
		Profile    string        `json:"profile"`
		Libseccomp string        `json:"libseccomp"`
		Flags      []string      `json:"flags"`
		Skipped    []string      `json:"skipped"`
		Own        []string      `json:"own"`
		ABIs       []explain.ABI `json:"abis"`
		summary
	}{compileFormat, l.origin, libseccomp.Version(), compile.FlagNames(result.Flags), list(result.Skipped), list(result.Reemitted),
		explain.Summary(l.meaning), describe(result.Program)})
}
