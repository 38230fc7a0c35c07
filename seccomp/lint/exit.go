package lint

import (
	"fmt"
	"strings"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/explain"
	"seccomp-shim/seccomp/meaning"
)

const (
	trapped = "a program that cannot end may use all of a CPU without end (kubernetes#85191)"
	killed  = "a program that ends is killed instead, and its exit status is lost"
)

// noExit finds refused syscalls that a program ends with.
func noExit(m *meaning.Meaning) []Finding {
	var all []Finding
	for _, name := range []string{"exit", "exit_group"} {
		refusing := map[bpf.Action][]string{}
		var order []bpf.Action
		for _, abi := range m.ABIs {
			nr, ok := abi.Numbers[name]
			if !ok {
				continue
			}
			_, outcomes := explain.Outcomes(m, abi.Arch, nr)
			first := outcomes[0]
			if len(first.If) > 0 || first.Action.MayRun() {
				continue
			}
			if refusing[first.Action] == nil {
				order = append(order, first.Action)
			}
			refusing[first.Action] = append(refusing[first.Action], string(abi.Name))
		}
		for _, action := range order {
			why := trapped
			if kills(action) {
				why = killed
			}
			all = append(all, Finding{Warning, ExitRefused, "syscalls",
				fmt.Sprintf("%s is answered %v on %s: %s", name, action, strings.Join(refusing[action], ", "), why)})
		}
	}
	return all
}

func kills(a bpf.Action) bool {
	return a.Kind() == bpf.KillProcess || a.Kind() == bpf.KillThread || a.Kind() == bpf.Trap
}
