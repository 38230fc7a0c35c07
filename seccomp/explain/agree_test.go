package explain

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"

	"seccomp-shim/bpf"
	"seccomp-shim/seccomp/meaning"
)

// For any number of known arguments, the first case whose conditions hold has the action
// that the profile means for the whole call. If all are known, there is one case.
func TestAgreesWithMeaning(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		text := randomProfile(random)
		p, m := parse(t, text, x8664, x32, i386, s390)
		for _, abi := range m.ABIs {
			for name := range abi.Numbers {
				call := randomArgs(random)
				known := random.IntN(7)
				e, err := Syscall(p, m, name, call[:known]...)
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range e.Answers {
					mustAgree(t, m, a, call, known, text)
				}
			}
		}
	}
}

func mustAgree(t *testing.T, m *meaning.Meaning, a Answer, call [6]uint64, known int, text string) {
	t.Helper()
	if len(a.Cases) == 0 {
		return
	}
	abi := m.ABI(a.Arch, a.Number)
	if abi.Name != a.ABI {
		t.Fatalf("%s %d belongs to %s", a.ABI, a.Number, abi.Name)
	}
	for i := range call {
		if !abi.Wide() {
			call[i] = uint64(uint32(call[i]))
		}
	}
	for _, route := range abi.Routes(a.Name) {
		if route.Through == a.Through && route.Through != "" {
			call[0] = route.Selector
			known = 1
		}
	}
	if known == 6 && len(a.Cases) != 1 {
		t.Errorf("%s: %s %s: all arguments are known, and there are %d cases", text, a.ABI, a.Name, len(a.Cases))
	}
	i := slices.IndexFunc(a.Cases, func(c Case) bool {
		return !slices.ContainsFunc(c.If, func(c Condition) bool {
			if int(c.Index) < known {
				t.Errorf("%s: %s %s: %v is open", text, a.ABI, a.Name, c)
			}
			return !meaning.Holds(specs.LinuxSeccompArg(c), call[c.Index])
		})
	})
	d := bpf.Data{Arch: a.Arch, Nr: a.Number, Args: call}
	if i < 0 || a.Cases[i].Action != m.Decide(d) {
		t.Errorf("%s: %s %s %#x: %v, but the profile means %v", text, a.ABI, a.Name, call, a.Cases, m.Decide(d))
	}
}

var samples = []uint64{0, 1, 2, 5, 0xffffffff, 0x100000001, 0xffffffffffffffff}

func randomArgs(random *rand.Rand) (args [6]uint64) {
	for i := range args {
		args[i] = samples[random.IntN(len(samples))]
	}
	return args
}

func randomProfile(random *rand.Rand) string {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	var entries []string
	for range 1 + random.IntN(6) {
		entry := pick("read", "write", "socket", "personality", "clone", "semop", "socketcall", "ipc") + " " + pick("ERRNO", "ALLOW", "LOG", "KILL_PROCESS")
		for range random.IntN(4) {
			entry += fmt.Sprintf(" %d %s %d/%d", random.IntN(3), pick("EQ", "NE", "LT", "GE", "MASKED_EQ"),
				samples[random.IntN(len(samples))], samples[random.IntN(len(samples))])
		}
		entries = append(entries, entry)
	}
	return rules(pick(deny, allow), entries...)
}
